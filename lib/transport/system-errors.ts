/** Turns the system's error codes into messages that say what to do next. */
import { causeText, systemCodeOf, UsmpError } from "../errors.js";

/**
 * If several addresses of a name failed, the most informative code comes first: a refusal says more than silence, and
 * silence more than "no route", which every machine without IPv6 reports for many names.
 */
const MAX_TELLING_FIRST = ["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"];

const CONNECT_ADVICE: Readonly<Record<string, (host: string, port: number) => string>> = {
  ECONNREFUSED: (host, port) =>
    `nothing listens on ${formatPlace(host, port)}: is the gateway running, is the port right?`,
  ENOTFOUND: (host) =>
    `the name ${JSON.stringify(host)} is not known: check the spelling, or give the address in numbers`,
  EAI_AGAIN: (host) =>
    `the name ${JSON.stringify(host)} could not be looked up: is this machine's network up, does its name server answer?`,
  EHOSTUNREACH: (host) => `${host} does not answer on the network: is it switched on, and on the same network?`,
  ENETUNREACH: (host) => `this machine has no route to ${host}: is its network up, is the address right?`,
  ETIMEDOUT: (host, port) =>
    `${formatPlace(host, port)} did not answer: is the address right, does a firewall drop the packets?`,
  ECONNRESET: (host, port) => `${formatPlace(host, port)} closed the connection at once: is it a USMP gateway?`,
};

const LISTEN_ADVICE: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (_host, port) => `port ${port} is already in use; stop the program that uses it, or choose another port`,
  EACCES: (_host, port) => `this user may not use port ${port}; choose a port from 1024 up`,
  EADDRNOTAVAIL: () => `this machine does not have that address; "0.0.0.0" listens on all it has`,
  EMFILE: () => "too many files and connections are open: raise the limit (ulimit -n), or allow fewer sessions",
  ENOTFOUND: (host) => `the name ${JSON.stringify(host)} is not known: "0.0.0.0" takes every address of this machine`,
};

const LINK_ADVICE: Readonly<Record<string, string>> = {
  ECONNRESET: "the peer dropped it, or was restarted",
  EPIPE: "the peer had closed it already",
  ETIMEDOUT: "the peer stopped answering",
  EHOSTUNREACH: "the peer cannot be reached any more",
  ENETUNREACH: "this machine lost its network",
  ENETDOWN: "this machine lost its network",
};

/** `"192.168.1.7:9000"`, `"[::1]:9000"`. */
export function formatPlace(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** TRANSPORT for a connection that could not be opened; `error` (also Node's AggregateError) becomes the cause. */
export function connectFailure(error: unknown, host: string, port: number): UsmpError {
  const code = mostTellingCode(error);
  const advice = CONNECT_ADVICE[code]?.(host, port) ?? `connecting to ${formatPlace(host, port)} failed`;
  return new UsmpError("TRANSPORT", `${advice} (${[code, ...triedAddresses(error, host)].join(" ")})`, {
    cause: error,
  });
}

/** TRANSPORT for a port that could not be opened, or that failed later; `error` becomes the cause. */
export function listenFailure(error: unknown, host: string, port: number): UsmpError {
  const code = systemCode(error);
  const advice = LISTEN_ADVICE[code]?.(host, port);
  const message = `cannot listen on ${formatPlace(host, port)}${advice === undefined ? "" : `: ${advice}`} (${code})`;
  return new UsmpError("TRANSPORT", message, { cause: error });
}

/** TRANSPORT for datagrams that do not get through at the moment; `error` becomes the cause. */
export function transientDatagramError(error: unknown, host: string, port: number): UsmpError {
  const code = systemCode(error);
  const advice = CONNECT_ADVICE[code]?.(host, port) ?? `sending to ${formatPlace(host, port)} failed`;
  return new UsmpError("TRANSPORT", `${advice} (${code})`, { cause: error });
}

/** TRANSPORT for an open connection that broke; `error` becomes the cause. */
export function linkFailure(error: unknown, host: string, port: number): UsmpError {
  const code = systemCode(error);
  const advice = LINK_ADVICE[code];
  const message = `the connection to ${formatPlace(host, port)} broke${advice === undefined ? "" : `: ${advice}`} (${code})`;
  return new UsmpError("TRANSPORT", message, { cause: error });
}

/** `"at 127.0.0.1"` for each address that was tried, if `host` is a name. */
function triedAddresses(error: unknown, host: string): string[] {
  const addresses = [error, ...errorsIn(error)].map(
    (each) => (each as { readonly address?: unknown } | null | undefined)?.address,
  );
  return addresses
    .filter((address): address is string => typeof address === "string" && address !== host)
    .map((address) => `at ${address}`);
}

function mostTellingCode(error: unknown): string {
  const codes = errorsIn(error).map(systemCode);
  return MAX_TELLING_FIRST.find((code) => codes.includes(code)) ?? codes[0] ?? systemCode(error);
}

function systemCode(error: unknown): string {
  return systemCodeOf(error) ?? causeText(error);
}

/** The errors of an AggregateError. */
function errorsIn(error: unknown): readonly unknown[] {
  if (typeof error !== "object" || error === null || !("errors" in error)) return [];
  return Array.isArray(error.errors) ? error.errors : [];
}

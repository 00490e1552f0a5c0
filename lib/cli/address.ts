import { networkInterfaces } from "node:os";
import { DEFAULT_PORT, WILDCARDS } from "../transport/place.js";
import { formatPlace } from "../transport/system-errors.js";
import { UsageError } from "./context.js";

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Parses `host`, `host:port`, `[::1]`, `[::1]:port` or `::1`. @throws UsageError for anything else. */
export function parseTarget(text: string): Target {
  const { host, port } = splitTarget(text);
  if (host === "" || /[\s/]/.test(text) || /[[\]]/.test(host)) {
    throw new UsageError(`${JSON.stringify(text)} is not an address: give host, host:port or [::1]:port`);
  }
  if (WILDCARDS.includes(host)) {
    throw new UsageError(
      `${host} is an address to listen on; connect to the address of one machine, such as 127.0.0.1`,
    );
  }
  return { host, port: port === undefined ? DEFAULT_PORT : parsePort(port, 1) };
}

function splitTarget(text: string): { readonly host: string; readonly port: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) return { host: bracketed[1] as string, port: bracketed[2] };
  const [host, port, ...rest] = text.split(":");
  // More than one colon without brackets: an IPv6 address without a port.
  return rest.length > 0 ? { host: text, port: undefined } : { host: host as string, port };
}

/** Parses a port of `least` or more. @throws UsageError for anything else. */
export function parsePort(text: string, least = 0): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port >= least && port <= 65_535) return port;
  throw new UsageError(`${JSON.stringify(text)} is not a port: give a number from ${least} to 65535`);
}

/** `"192.168.1.7"`, `"192.168.1.7:9001"`, `"[::1]:9001"`: a form that {@link parseTarget} reads. */
export function formatTarget({ host, port }: Target): string {
  return port === DEFAULT_PORT ? host : formatPlace(host, port);
}

/** Where others reach a program that listens on `address`: that address, or this machine's first IPv4 address. */
export function reachableAddress(address: string, interfaces = networkInterfaces()): string {
  if (!WILDCARDS.includes(address)) return address;
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  return all.find(({ internal, family }) => !internal && family === "IPv4")?.address ?? "127.0.0.1";
}

/** Checks of hosts, ports and addresses that all transports share. */
import { UsmpError } from "../errors.js";

export const DEFAULT_PORT = 9000;
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** Addresses that mean all addresses of this machine. As a destination, each system treats them differently. */
export const WILDCARDS: readonly string[] = ["0.0.0.0", "::"];

/** @throws {UsmpError} INVALID_ARG unless `host` is a name or an address without a port, and `port` is 0 to 65535 */
export function checkPlace(host: unknown, port: number): void {
  if (typeof host !== "string" || host.trim() === "") {
    throw invalid(`host must be a name or an address such as "192.168.1.100"`, host);
  }
  if (host.includes("/") || /^[^:]+:\d+$/.test(host)) {
    throw invalid(
      `host must be a name or an address alone: the port is an argument of its own, as in ("192.168.1.100", 9000)`,
      host,
    );
  }
  requireInteger("port", port, 0, 65_535);
}

/** @throws {UsmpError} INVALID_ARG for an address or a port that is only for listening */
export function checkDestination(host: string, port: number): void {
  if (port === 0) throw invalid("port must be 1 to 65535 to connect to (0 is for listening)", port);
  if (WILDCARDS.includes(host)) throw invalid("host must be one address to connect to, such as 127.0.0.1", host);
}

/** @throws {UsmpError} INVALID_ARG that names the given value and the allowed ones */
export function requireInteger(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw invalid(`${name} must be an integer from ${least} to ${most}`, value);
  }
}

/** A dual-stack socket shows IPv4 peers as ::ffff:1.2.3.4. Limits and logs need one name for each peer. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");
}

export function aborted(place: string, signal: AbortSignal | undefined): UsmpError {
  return new UsmpError("CLOSED", `connecting to ${place} was aborted`, { cause: signal?.reason });
}

export function dialTimeout(place: string, timeoutMs: number): UsmpError {
  const advice = "is the address right, is the gateway on this network, does a firewall drop the packets?";
  return new UsmpError("TIMEOUT", `${place} did not answer within ${timeoutMs} ms: ${advice}`);
}

function invalid(rule: string, given: unknown): UsmpError {
  const shown = typeof given === "string" ? JSON.stringify(given) : typeof given === "number" ? given : typeof given;
  return new UsmpError("INVALID_ARG", `${rule}, got ${shown}`);
}

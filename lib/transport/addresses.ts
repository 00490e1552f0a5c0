/** The addresses of a name: which to dial first, and which to listen on. */
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from "node:dns";
import { isIP } from "node:net";

import { requireClock, requireFunction } from "../core/arguments.js";
import type { Clock } from "../core/clock.js";
import { ownMembers } from "../core/own-members.js";
import { DEFAULT_CONNECT_TIMEOUT_MS, plainAddress, requireInteger } from "./place.js";
import { LONGEST_TIMER_MS, systemClock } from "./system-clock.js";

/** A function such as `dns.lookup`, the default. It is called with `all: true`. */
export type Lookup = (
  host: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The options that the TCP and the UDP transport share. */
export interface AddressOptions {
  /** Time for looking up the name and opening the socket, in milliseconds, 1 to 2^31 - 1. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Looks names up. Default: `dns.lookup`. */
  readonly lookup?: Lookup | undefined;
  /** Measures the connect timeout. Default: the real clock. */
  readonly clock?: Clock | undefined;
}

/** The common options with their defaults. @throws UsmpError INVALID_ARG naming the option */
export function addressOptions(options: AddressOptions): {
  readonly connectTimeoutMs: number;
  readonly lookup: Lookup;
  readonly clock: Clock;
} {
  const own = ownMembers(options);
  const { connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS, lookup = systemLookup, clock = systemClock } = own;
  requireClock(clock);
  requireFunction("lookup", lookup);
  requireInteger("connectTimeoutMs", connectTimeoutMs, 1, LONGEST_TIMER_MS);
  return { connectTimeoutMs, lookup, clock };
}

/** Addresses in the order in which to try them, at least one: the system's order, starting after `after`. */
export async function addressesOf(host: string, after: string | undefined, find: Lookup): Promise<LookupAddress[]> {
  const addresses = await lookUp(host, find);
  const failed = after === undefined ? undefined : plainAddress(after);
  const last = addresses.findIndex(({ address }) => plainAddress(address) === failed);
  return [...addresses.slice(last + 1), ...addresses.slice(0, last + 1)];
}

/** The address of a name to listen on: its first IPv4 address, which boards can dial, else its first address. */
export async function bindAddressOf(host: string, find: Lookup): Promise<LookupAddress> {
  const addresses = await lookUp(host, find);
  return addresses.find(({ family }) => family === 4) ?? (addresses[0] as LookupAddress);
}

function lookUp(host: string, find: Lookup): Promise<LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return Promise.resolve([{ address: host, family }]);
  return new Promise((resolve, reject) => {
    find(host, { all: true }, (error, addresses) => {
      if (error !== null) reject(error);
      else if (addresses.length === 0) reject(Object.assign(new Error(`no address of ${host}`), { code: "ENOTFOUND" }));
      else resolve(distinct(addresses));
    });
  });
}

/** Removes duplicates. Some systems return an address twice, and the copy would hide the addresses after it. */
function distinct(addresses: readonly LookupAddress[]): LookupAddress[] {
  const byAddress = new Map<string, LookupAddress>();
  for (const each of addresses) {
    const place = plainAddress(each.address);
    if (!byAddress.has(place)) byAddress.set(place, each);
  }
  return [...byAddress.values()];
}

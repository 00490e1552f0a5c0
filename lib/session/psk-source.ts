import { formatDeviceId, parseDeviceId } from "../core/device-id.js";
import { parsePsk, type Psk } from "../core/psk.js";
import { UsmpError } from "../errors.js";

/** A key by device id; `"*"` is for every device that has no entry. */
export type PskTable = ReadonlyMap<string, Psk> | Readonly<Record<string, Psk>>;

/** Finds a device's key; null or undefined for a device that has none. May throw or reject, which means the same. */
export type PskFunction = (deviceId: string) => Psk | null | undefined | Promise<Psk | null | undefined>;

/** Every form in which users give keys. */
export type PskSource = Psk | PskTable | PskFunction;

/** The key of a device (a copy, the caller's), or null. Throws or rejects where the lookup itself failed. */
export type PskLookup = (deviceId: Uint8Array) => Uint8Array | null | Promise<Uint8Array | null>;

/** The entry for every device that has none of its own. */
const DEFAULT_ENTRY = "*";

/**
 * One lookup for every form. Keys and tables are checked, and copied, at once.
 * @throws UsmpError INVALID_ARG for a bad key or device id; the message never holds the key.
 */
export function createPskLookup(source: PskSource): PskLookup {
  if (typeof source === "function") return lookupByFunction(source);
  if (typeof source === "string" || source instanceof Uint8Array) {
    const psk = parsePsk(source);
    return () => Uint8Array.from(psk);
  }
  const given: unknown = source;
  if (typeof given === "object" && given !== null) return lookupByTable(source);
  const type = given === null ? "null" : `of type ${typeof given}`;
  throw new UsmpError("INVALID_ARG", `the PSK is ${type}; give a string, bytes, a table by device id, or a function`);
}

function lookupByTable(table: PskTable): PskLookup {
  const entries = isMap(table) ? [...table] : Object.entries(table);
  if (entries.length === 0)
    throw new UsmpError("INVALID_ARG", `the PSK table is empty; give a key by device id, or by "${DEFAULT_ENTRY}"`);
  const keys = new Map(
    entries.map(([id, psk]) => [id === DEFAULT_ENTRY ? id : formatDeviceId(parseDeviceId(id)), parsePsk(psk)]),
  );
  return (deviceId) => {
    const psk = keys.get(formatDeviceId(deviceId)) ?? keys.get(DEFAULT_ENTRY);
    return psk === undefined ? null : Uint8Array.from(psk);
  };
}

function isMap(table: PskTable): table is ReadonlyMap<string, Psk> {
  return table instanceof Map;
}

function lookupByFunction(find: PskFunction): PskLookup {
  return async (deviceId) => {
    const psk = await find(formatDeviceId(deviceId));
    return psk === null || psk === undefined ? null : parsePsk(psk);
  };
}

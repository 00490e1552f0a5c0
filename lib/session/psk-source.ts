import { hasMember, ownMembers } from "../core/own-members.js";
import type { CipherName } from "../core/crypto-provider.js";
import { formatDeviceId, parseDeviceId } from "../core/wire/device-id.js";
import { isBytes, isMap, isThenable } from "../core/kinds.js";
import { parsePsk, type Psk } from "../core/handshake/psk.js";
import { copySecret } from "../core/secret-bytes.js";
import { causeText, UsmpError } from "../errors.js";
import { checkCipher } from "./options.js";

/** A device's key, and what else a gateway may know of the device. */
export interface PskEntry {
  readonly key: Psk;
  /** False refuses the device as if it were unknown. Default true. */
  readonly enabled?: boolean | undefined;
  /** A name for people; nothing depends on it. */
  readonly name?: string | undefined;
  /** Also accepted, while keys are rotated: set the new key here, then on the device, then remove this one. */
  readonly previousKey?: Psk | undefined;
  /** From when on `previousKey` is refused. Default: it is accepted as long as it is in the entry. */
  readonly previousKeyExpires?: Date | undefined;
  /** The cipher that the device uses, for a gateway that accepts both and has to send first. */
  readonly cipher?: CipherName | undefined;
}

/** Keys by device id; `"*"` is for every device without an entry. */
export type PskTable = ReadonlyMap<string, Psk | PskEntry> | Readonly<Record<string, Psk | PskEntry>>;

/**
 * Finds a device's key; gives null or undefined for a device without one. It may throw or reject, with the same effect.
 */
export type PskFunction = (deviceId: string) => Found | Promise<Found>;

type Found = Psk | PskEntry | null | undefined;

/** Keys that may change while a gateway runs, such as those of a file. */
export interface PskStore {
  readonly lookup: PskFunction;
  /**
   * True: `lookup` gives fresh copies, which are overwritten once they are taken over. Default false: the arrays stay
   * the store's.
   */
  readonly givesCopies?: boolean | undefined;
  /**
   * Calls `listener` for each device that is no longer allowed; the device's session then ends. Returns a function that
   * stops the calls. `listener` throws INVALID_ARG for a value that is not a device id.
   */
  readonly onRevoked?: ((listener: (deviceId: string) => void) => () => void) | undefined;
}

/** Every form in which users give keys. */
export type PskSource = Psk | PskTable | PskFunction | PskStore;

/** What a gateway knows of a device. The keys are copies, for the caller to wipe. */
export interface DeviceKeys {
  readonly psk: Uint8Array;
  readonly previousPsk: Uint8Array | null;
  readonly cipher: CipherName | null;
}

/** The keys of a device, or null. Throws or rejects if the lookup itself failed. */
export type KeyLookup = (deviceId: Uint8Array) => DeviceKeys | null | Promise<DeviceKeys | null>;

/** The one key of a device (a copy, the caller's), or null. Throws or rejects if the lookup itself failed. */
export type PskLookup = (deviceId: Uint8Array) => Uint8Array | null | Promise<Uint8Array | null>;

/** The table's entry for every device without its own. */
const DEFAULT_ENTRY = "*";

/**
 * Creates a lookup from any form of source. Keys and tables are checked, and copied, at once.
 * @throws UsmpError INVALID_ARG for a bad key or device id; the message never holds the key.
 */
export function createKeyLookup(source: PskSource): KeyLookup {
  if (typeof source === "function") return lookupByFunction(source, false);
  if (isPsk(source)) {
    const entry = copyEntry(source);
    return () => keysOf(entry);
  }
  if (isPskStore(source)) {
    const givesCopies = hasMember(source, "givesCopies") && source.givesCopies === true;
    return lookupByFunction((deviceId) => source.lookup(deviceId), givesCopies);
  }
  if (isThenable(source)) throw badSource("a promise: await it first");
  const given: unknown = source;
  if (typeof given === "object" && given !== null) return lookupByTable(source);
  const type = given === null ? "null" : `of type ${typeof given}`;
  throw badSource(type);
}

/** As {@link createKeyLookup}, for a device, which has one key. */
export function createPskLookup(source: PskSource): PskLookup {
  const lookup = createKeyLookup(source);
  return (deviceId) => {
    const found = lookup(deviceId);
    return isThenable(found) ? found.then(currentOf) : currentOf(found);
  };
}

/**
 * Returns a key or a table as a store that has checked and copied it, so that two owners can share one copy. Returns
 * other sources as they are.
 * @throws UsmpError as {@link createKeyLookup} does.
 */
export function keepKeys(source: PskSource): PskFunction | PskStore {
  if (typeof source === "function" || isPskStore(source)) return source;
  const lookup = createKeyLookup(source);
  return {
    givesCopies: true,
    lookup: async (deviceId) => {
      const keys = await lookup(parseDeviceId(deviceId));
      if (keys === null) return null;
      const { psk, previousPsk, cipher } = keys;
      return {
        key: psk,
        ...(previousPsk === null ? {} : { previousKey: previousPsk }),
        ...(cipher === null ? {} : { cipher }),
      };
    },
  };
}

export function isPskStore(source: PskSource): source is PskStore {
  return !isMap(source) && hasMember(source, "lookup") && typeof (source as PskStore).lookup === "function";
}

function currentOf(keys: DeviceKeys | null): Uint8Array | null {
  keys?.previousPsk?.fill(0);
  return keys?.psk ?? null;
}

function lookupByTable(table: PskTable): KeyLookup {
  const given = isMap(table) ? [...table] : Object.entries(table);
  if (given.length === 0)
    throw new UsmpError("INVALID_ARG", `the PSK table is empty; give a key by device id, or by "${DEFAULT_ENTRY}"`);
  const entries = new Map(given.map(([id, entry]) => tableEntry(id, entry)));
  return (deviceId) => {
    const entry = entries.get(formatDeviceId(deviceId)) ?? entries.get(DEFAULT_ENTRY);
    return entry === undefined || !entry.isEnabled ? null : keysOf(entry);
  };
}

/** Copies a key that `find` returns synchronously within the call: its owner may overwrite it right after. */
function lookupByFunction(find: PskFunction, givesCopies: boolean): KeyLookup {
  return async (deviceId) => {
    const pending = find(formatDeviceId(deviceId));
    const found = isThenable(pending) ? await pending : pending;
    try {
      return foundKeys(found);
    } finally {
      if (givesCopies) wipeFound(found);
    }
  };
}

function foundKeys(found: Found): DeviceKeys | null {
  if (found === null || found === undefined) return null;
  const entry = copyEntry(found);
  const keys = entry.isEnabled ? keysOf(entry) : null;
  entry.psk.fill(0);
  entry.previousPsk?.fill(0);
  return keys;
}

function wipeFound(found: Found): void {
  const { key, previousKey } =
    typeof found === "object" && found !== null && !isPsk(found)
      ? ownMembers(found)
      : { key: found, previousKey: undefined };
  for (const each of [key, previousKey]) if (typeof each === "object") each?.fill(0);
}

function isPsk(source: unknown): source is Psk {
  return typeof source === "string" || isBytes(source);
}

/** Names the device in the error of a bad entry. */
function tableEntry(id: string, entry: Psk | PskEntry): [deviceId: string, entry: CheckedEntry] {
  const deviceId = id === DEFAULT_ENTRY ? id : formatDeviceId(parseDeviceId(id));
  try {
    return [deviceId, copyEntry(entry)];
  } catch (error) {
    throw new UsmpError("INVALID_ARG", `the PSK table's entry of ${deviceId}: ${causeText(error)}`);
  }
}

function badSource(what: string): UsmpError {
  const forms = "a string, bytes, a table by device id, a function, or a store such as KeyFile";
  return new UsmpError("INVALID_ARG", `the PSK is ${what}; give ${forms}`);
}

interface CheckedEntry {
  readonly isEnabled: boolean;
  readonly psk: Uint8Array;
  readonly previousPsk: Uint8Array | null;
  readonly previousUntil: number;
  readonly cipher: CipherName | null;
}

const MEMBERS: readonly string[] = ["key", "enabled", "name", "previousKey", "previousKeyExpires", "cipher"];

/** @throws UsmpError INVALID_ARG */
function copyEntry(given: Psk | PskEntry): CheckedEntry {
  if (typeof given !== "object" || isBytes(given))
    return { isEnabled: true, psk: parsePsk(given), previousPsk: null, previousUntil: Infinity, cipher: null };
  // A misspelt "enabled" would let a disabled device in. The message does not repeat the name: it may be a misplaced
  // key.
  if (!Object.keys(given).every((member) => MEMBERS.includes(member)))
    throw new UsmpError("INVALID_ARG", `the entry has an unknown member; allowed are ${MEMBERS.join(", ")}`);
  const { key, enabled = true, previousKey, previousKeyExpires, cipher = null } = ownMembers(given);
  if (cipher !== null) checkCipher(cipher);
  if (typeof enabled !== "boolean") throw new UsmpError("INVALID_ARG", "enabled is neither true nor false");
  return {
    isEnabled: enabled,
    psk: parsePsk(key),
    previousPsk: previousKey === undefined ? null : parsePsk(previousKey),
    previousUntil: previousKeyExpires === undefined ? Infinity : expiry(previousKeyExpires),
    cipher,
  };
}

function expiry(given: unknown): number {
  const until = timeOf(given);
  if (Number.isNaN(until)) throw new UsmpError("INVALID_ARG", "previousKeyExpires is not a valid date; give a Date");
  return until;
}

/**
 * NaN for a value that is not a date. Tests the brand, not the class: a date of another realm has a different class.
 */
function timeOf(given: unknown): number {
  try {
    return Date.prototype.getTime.call(given);
  } catch {
    return NaN;
  }
}

/** Copies the keys that are valid now. This reads the calendar's time, because an expiry is a date. */
function keysOf({ psk, previousPsk, previousUntil, cipher }: CheckedEntry): DeviceKeys {
  const isAccepted = previousPsk !== null && Date.now() < previousUntil;
  return {
    psk: copySecret(psk),
    previousPsk: isAccepted ? copySecret(previousPsk) : null,
    cipher,
  };
}

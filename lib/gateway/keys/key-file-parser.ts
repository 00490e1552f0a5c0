import { ownMembers } from "../../core/own-members.js";
import type { CipherName } from "../../core/crypto-provider.js";
import { formatDeviceId, parseDeviceId } from "../../core/wire/device-id.js";
import { parseHexKey, parsePsk } from "../../core/handshake/psk.js";
import { causeText, UsmpError } from "../../errors.js";
import { CIPHERS } from "../../session/options.js";
import type { PskEntry } from "../../session/psk-source.js";
import { invisiblePart } from "./key-text.js";
import { JsonScanner, type JsonKind } from "./json-scanner.js";

/** A device of a key file. The keys are bytes of its own, the holder's to wipe. */
export interface KeyFileEntry extends PskEntry {
  readonly key: Uint8Array;
  readonly previousKey?: Uint8Array | undefined;
  readonly name?: string | undefined;
  readonly enabled: boolean;
}

/** About 100,000 devices: more than one gateway serves, and little enough to be read in one go. */
export const MAX_KEY_FILE_BYTES = 16 * 2 ** 20;

/** Enough for any inventory number, short enough for a line of a log. */
const MAX_NAME_LENGTH = 100;

/** Date, time and zone: what two readers cannot take for two different moments. */
const DATE_FORM = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

const HEX_PREFIX = "hex:";

/** In the order in which they are named to the user. */
const MEMBERS = ["id", "name", "key", "enabled", "cipher", "previousKey", "previousKeyExpires"] as const;
type Member = (typeof MEMBERS)[number];

const ARTICLES: Readonly<Record<JsonKind, string>> = {
  object: "an object",
  array: "a list",
  string: "a string",
  number: "a number",
  boolean: "true or false",
  null: "null",
};

/**
 * The devices of a key file's text, by device id, in the file's order; `docs/keys.md` has the format.
 * @throws UsmpError INVALID_ARG for the first thing that is wrong, with line, column and a path like `devices[3].key`. The
 * message repeats nothing of the file but device ids.
 * @param warn is called at most once, for keys that hold what nobody sees
 */
export function parseKeyFile(
  text: string,
  warn: (message: string) => void = () => {},
): ReadonlyMap<string, KeyFileEntry> {
  // A character has at least one byte.
  if (text.length > MAX_KEY_FILE_BYTES) throw tooLarge();
  const scanner = new JsonScanner(text);
  const reader = new Reader(scanner);
  const devices = reader.file();
  scanner.end();
  reader.warnOfInvisible(warn);
  return devices;
}

export function tooLarge(): UsmpError {
  return new UsmpError("INVALID_ARG", `the file is larger than ${MAX_KEY_FILE_BYTES / 2 ** 20} MiB`);
}

interface Device extends KeyFileEntry {
  readonly id: string;
}

/** A text, and where it stands. */
interface FoundText {
  readonly value: string;
  readonly at: number;
}

class Reader {
  readonly #scanner: JsonScanner;
  readonly #devices = new Map<string, KeyFileEntry>();
  /** Where each id stands, for the one who wrote it twice. */
  readonly #idsAt = new Map<string, number>();
  /** The first key that holds what nobody sees. */
  #firstInvisible: { readonly at: number; readonly message: string } | null = null;
  #invisibleCount = 0;

  constructor(scanner: JsonScanner) {
    this.#scanner = scanner;
  }

  file(): ReadonlyMap<string, KeyFileEntry> {
    const start = this.#expect("object", "the file");
    let hasDevices = false;
    for (const { name, at } of this.#scanner.members()) {
      // Its name is not repeated: it may be a key that stands in the wrong place.
      if (name !== "devices") this.#scanner.fail(at, 'unknown member; the file holds "devices" and nothing else');
      if (hasDevices) this.#scanner.fail(at, "devices: duplicate member");
      hasDevices = true;
      this.#expect("array", "devices");
      for (const index of this.#scanner.items()) this.#device(`devices[${index}]`);
    }
    if (!hasDevices) this.#scanner.fail(start, 'the file lacks "devices"');
    return this.#devices;
  }

  warnOfInvisible(warn: (message: string) => void): void {
    if (this.#firstInvisible === null) return;
    const { at, message } = this.#firstInvisible;
    const more = this.#invisibleCount - 1;
    const others = more === 0 ? "" : ` (${more} more ${more === 1 ? "key has" : "keys have"} the same fault)`;
    warn(`${this.#scanner.place(at)}: ${message}${others}`);
  }

  #device(path: string): void {
    const start = this.#expect("object", path);
    const found = new Map<Member, number>();
    let device: Partial<Device> = {};
    for (const { name, at } of this.#scanner.members()) {
      const member = MEMBERS.find((each) => each === name);
      // Nor is its name repeated here.
      if (member === undefined)
        return this.#scanner.fail(at, `${path}: unknown member; allowed are ${MEMBERS.join(", ")}`);
      if (found.has(member)) this.#scanner.fail(at, `${path}.${member}: duplicate member`);
      found.set(member, at);
      device = { ...device, ...this.#member(member, `${path}.${member}`) };
    }
    const { id, key, enabled = true, ...rest } = ownMembers(device);
    if (id === undefined) return this.#scanner.fail(start, `${path}: "id" is missing`);
    if (key === undefined) return this.#scanner.fail(start, `${path}: "key" is missing`);
    this.#checkPair(path, found);
    this.#devices.set(id, ownMembers({ key, enabled, ...rest }));
  }

  #member(member: Member, path: string): Partial<Device> {
    switch (member) {
      case "id":
        return { id: this.#id(path) };
      case "key":
        return { key: this.#key(path) };
      case "previousKey":
        return { previousKey: this.#key(path) };
      case "previousKeyExpires":
        return { previousKeyExpires: this.#date(path) };
      case "cipher":
        return { cipher: this.#cipher(path) };
      case "name":
        return { name: this.#name(path) };
      case "enabled":
        this.#expect("boolean", path);
        return { enabled: this.#scanner.boolean() };
    }
  }

  /** A key that was to be let go must not live for ever because its date was forgotten. */
  #checkPair(path: string, found: ReadonlyMap<Member, number>): void {
    const previousAt = found.get("previousKey");
    const expiresAt = found.get("previousKeyExpires");
    if (previousAt !== undefined && expiresAt === undefined)
      this.#scanner.fail(
        previousAt,
        `${path}.previousKey: previousKeyExpires is missing: give the time until which this key is accepted`,
      );
    if (previousAt === undefined && expiresAt !== undefined)
      this.#scanner.fail(
        expiresAt,
        `${path}.previousKeyExpires: previousKey is missing: give it, or remove previousKeyExpires`,
      );
  }

  #id(path: string): string {
    const { value, at } = this.#text(path);
    if (value === "*") this.#scanner.fail(at, `${path}: "*" is not allowed in a file: give each device its own key`);
    const id = this.#attempt(
      () => formatDeviceId(parseDeviceId(value)),
      // Not the library's message, which may repeat what was given.
      () => this.#scanner.fail(at, `${path}: not a device id: give six pairs of hex digits, such as 24:0a:c4:01:02:03`),
    );
    const firstAt = this.#idsAt.get(id);
    if (firstAt !== undefined)
      this.#scanner.fail(at, `${path}: duplicate device ${id}, first defined at ${this.#scanner.place(firstAt)}`);
    this.#idsAt.set(id, at);
    return id;
  }

  #key(path: string): Uint8Array {
    const { value, at } = this.#text(path);
    const invisible = invisiblePart(value);
    if (invisible !== null) {
      this.#invisibleCount++;
      this.#firstInvisible ??= { at, message: `${path} ${invisible}, which counts as part of the key` };
    }
    return this.#attempt(
      () => keyOf(value),
      (error) => this.#scanner.fail(at, `${path}: ${causeText(error)}`),
    );
  }

  #name(path: string): string {
    const { value, at } = this.#text(path);
    if (value.length > MAX_NAME_LENGTH)
      this.#scanner.fail(at, `${path}: ${value.length} characters is too long; the limit is ${MAX_NAME_LENGTH}`);
    return value;
  }

  #cipher(path: string): CipherName {
    const { value, at } = this.#text(path);
    const cipher = CIPHERS.find((each) => each === value);
    return cipher ?? this.#scanner.fail(at, `${path}: unknown cipher: give ${CIPHERS.join(" or ")}`);
  }

  #date(path: string): Date {
    const { value, at } = this.#text(path);
    const [, year, month, day] = DATE_FORM.exec(value) ?? [];
    // `Date.parse` takes the 30th of February for the 2nd of March.
    const isInCalendar = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
    const date = new Date(isInCalendar ? value : NaN);
    if (Number.isNaN(date.getTime()))
      this.#scanner.fail(at, `${path}: not a valid date: give date, time and zone, such as 2026-12-01T00:00:00Z`);
    return date;
  }

  #text(path: string): FoundText {
    const at = this.#expect("string", path);
    const value = this.#scanner.string();
    // Half a character has no bytes: it would become another one, and so another key.
    if (/\p{Surrogate}/u.test(value)) this.#scanner.fail(at, `${path}: invalid \\u escape: half of a surrogate pair`);
    return { value, at };
  }

  /** Where the value begins that comes next. */
  #expect(kind: JsonKind, path: string): number {
    const found = this.#scanner.peek();
    const at = this.#scanner.offset;
    if (found !== kind) this.#scanner.fail(at, `${path}: expected ${ARTICLES[kind]}, found ${ARTICLES[found]}`);
    return at;
  }

  #attempt<Value>(act: () => Value, failed: (error: unknown) => never): Value {
    try {
      return act();
    } catch (error) {
      return failed(error);
    }
  }
}

/** @throws UsmpError INVALID_ARG */
function keyOf(text: string): Uint8Array {
  if (!text.startsWith(HEX_PREFIX)) return parsePsk(text);
  const bytes = parseHexKey(text.slice(HEX_PREFIX.length));
  try {
    return parsePsk(bytes);
  } finally {
    bytes.fill(0);
  }
}

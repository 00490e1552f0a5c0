import { printParseErrorCode, visit } from "jsonc-parser";
import { ownMembers } from "../../core/own-members.js";
import type { CipherName } from "../../core/crypto-provider.js";
import { formatDeviceId, parseDeviceId } from "../../core/wire/device-id.js";
import { parseHexKey, parsePsk } from "../../core/handshake/psk.js";
import { causeText, UsmpError } from "../../errors.js";
import { CIPHERS } from "../../session/options.js";
import type { PskEntry } from "../../session/psk-source.js";
import { HEX_PREFIX, invisiblePart } from "./key-text.js";

/** A device of a key file. The entry owns its key bytes; its holder wipes them. */
export interface KeyFileEntry extends PskEntry {
  readonly key: Uint8Array;
  readonly previousKey?: Uint8Array | undefined;
  readonly name?: string | undefined;
  readonly enabled: boolean;
}

/** About 100,000 devices: more than one gateway serves, and little enough to read at once. */
export const MAX_KEY_FILE_BYTES = 16 * 2 ** 20;

/** Enough for any inventory number, short enough for a line of a log. */
const MAX_NAME_LENGTH = 100;

/** Date, time and zone, so that every reader takes it for the same moment. */
const DATE_FORM = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** In the order in which messages list them. */
const MEMBERS = ["id", "name", "key", "enabled", "cipher", "previousKey", "previousKeyExpires"] as const;
type Member = (typeof MEMBERS)[number];

type Kind = "object" | "array" | "string" | "number" | "boolean" | "null";

const ARTICLES: Readonly<Record<Kind, string>> = {
  object: "an object",
  array: "a list",
  string: "a string",
  number: "a number",
  boolean: "true or false",
  null: "null",
};

/** What is wrong with text that is not JSON, by the name of the parser's error. */
const SYNTAX_ERRORS: Readonly<Record<string, string>> = {
  InvalidSymbol: "expected a value: text stands in double quotes",
  PropertyNameExpected: "expected a member's name in double quotes",
  ValueExpected: "expected a value",
  ColonExpected: 'expected a ":" after the name',
  CommaExpected: 'expected a ","',
  CloseBraceExpected: 'expected a "," or the object\'s end',
  CloseBracketExpected: 'expected a "," or the list\'s end',
  EndOfFileExpected: "expected nothing more",
  InvalidCommentToken: "JSON has no comments",
  UnexpectedEndOfString: "this text has no closing quote on its line",
  InvalidUnicode: "this text holds a \\u without four hex digits",
  InvalidEscapeCharacter: "this text holds a backslash that begins no JSON escape",
  InvalidCharacter: "this text holds a control character: write it as an escape",
};

/**
 * The devices of a key file's text, by device id, in the file's order; `docs/keys.md` has the format.
 * @throws UsmpError INVALID_ARG for the first error, with line, column and a path like `devices[3].key`. The message
 * repeats nothing of the file but device ids.
 * @param warn is called at most once, synchronously, for keys with invisible characters
 */
export function parseKeyFile(
  text: string,
  warn: (message: string) => void = () => {},
): ReadonlyMap<string, KeyFileEntry> {
  // A character has at least one byte.
  if (text.length > MAX_KEY_FILE_BYTES) throw tooLarge();
  const reader = new Reader(text);
  const devices = reader.read();
  reader.warnOfInvisible(warn);
  return devices;
}

export function tooLarge(): UsmpError {
  return new UsmpError("INVALID_ARG", `the file is larger than ${MAX_KEY_FILE_BYTES / 2 ** 20} MiB`);
}

/** The device that is being read. */
interface Device {
  readonly at: number;
  readonly path: string;
  readonly membersAt: Map<Member, number>;
  values: Partial<KeyFileEntry & { readonly id: string }>;
}

/** Where a value stands: `[]` is the file, `["devices", 3, "key"]` a device's key. */
type Path = readonly (string | number)[];

/**
 * Checks each value as the parser finds it, so that it fails at the first error and descends no deeper than a device.
 */
class Reader {
  readonly #text: string;
  readonly #devices = new Map<string, KeyFileEntry>();
  readonly #idsAt = new Map<string, number>();
  #fileAt = 0;
  #hasDevices = false;
  #device: Device | null = null;
  /** The first key that has an invisible character. */
  #firstInvisible: { readonly at: number; readonly message: string } | null = null;
  #invisibleCount = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): ReadonlyMap<string, KeyFileEntry> {
    visit(
      this.#text,
      {
        onObjectBegin: (at, _length, _line, _column, path) => this.#begin("object", at, path()),
        onArrayBegin: (at, _length, _line, _column, path) => this.#begin("array", at, path()),
        onObjectProperty: (name, at, _length, _line, _column, path) => this.#name(name, at, path()),
        onLiteralValue: (value, at, _length, _line, _column, path) => this.#literal(value, at, path()),
        onObjectEnd: (at) => this.#end(at),
        onError: (code, at) => this.#syntaxError(printParseErrorCode(code), at),
      },
      { disallowComments: true },
    );
    return this.#devices;
  }

  warnOfInvisible(warn: (message: string) => void): void {
    if (this.#firstInvisible === null) return;
    const { at, message } = this.#firstInvisible;
    const more = this.#invisibleCount - 1;
    const others = more === 0 ? "" : ` (${more} more ${more === 1 ? "key has" : "keys have"} the same fault)`;
    warn(`${this.#place(at)}: ${message}${others}`);
  }

  #begin(kind: Kind, at: number, path: Path): void {
    const [, index, member] = path;
    if (path.length === 0) {
      this.#expect("object", kind, at, "the file");
      this.#fileAt = at;
    } else if (index === undefined) {
      this.#expect("array", kind, at, "devices");
    } else if (member === undefined) {
      this.#expect("object", kind, at, `devices[${index}]`);
      this.#device = { at, path: `devices[${index}]`, membersAt: new Map(), values: {} };
    } else {
      this.#expect(member === "enabled" ? "boolean" : "string", kind, at, `devices[${index}].${member}`);
    }
  }

  #name(name: string, at: number, path: Path): void {
    // An unknown name is not repeated: it may be a key that stands in the wrong place.
    if (path.length === 0) {
      if (name !== "devices") this.#fail(at, 'unknown member; the file holds "devices" and nothing else');
      if (this.#hasDevices) this.#fail(at, "devices: duplicate member");
      this.#hasDevices = true;
      return;
    }
    const { path: device, membersAt } = this.#device as Device;
    const member = MEMBERS.find((each) => each === name);
    if (member === undefined) return this.#fail(at, `${device}: unknown member; allowed are ${MEMBERS.join(", ")}`);
    if (membersAt.has(member)) this.#fail(at, `${device}.${member}: duplicate member`);
    membersAt.set(member, at);
  }

  #literal(value: unknown, at: number, path: Path): void {
    this.#begin(value === null ? "null" : (typeof value as Kind), at, path);
    const device = this.#device as Device;
    const member = path[2] as Member;
    const where = `${device.path}.${member}`;
    const read = typeof value === "string" ? this.#string(member, value, at, where) : value;
    device.values = { ...device.values, [member]: read };
  }

  #end(at: number): void {
    // The parser reports the end of an object before it finds that its brace is missing.
    if (this.#text[at] !== "}") return;
    if (this.#device === null) {
      if (!this.#hasDevices) this.#fail(this.#fileAt, 'the file lacks "devices"');
      return;
    }
    const { at: start, path, membersAt, values } = this.#device;
    const { id, key, enabled = true, ...rest } = ownMembers(values);
    if (id === undefined) return this.#fail(start, `${path}: "id" is missing`);
    if (key === undefined) return this.#fail(start, `${path}: "key" is missing`);
    this.#checkPair(path, membersAt);
    this.#devices.set(id, ownMembers({ key, enabled, ...rest }));
    this.#device = null;
  }

  /** Requires an expiry date: without one, a retired key would stay valid forever. */
  #checkPair(path: string, membersAt: ReadonlyMap<Member, number>): void {
    const previousAt = membersAt.get("previousKey");
    const expiresAt = membersAt.get("previousKeyExpires");
    if (previousAt !== undefined && expiresAt === undefined)
      this.#fail(
        previousAt,
        `${path}.previousKey: previousKeyExpires is missing: give the time until which this key is accepted`,
      );
    if (previousAt === undefined && expiresAt !== undefined)
      this.#fail(
        expiresAt,
        `${path}.previousKeyExpires: previousKey is missing: give it, or remove previousKeyExpires`,
      );
  }

  /** The value of a member that the file gives as a string. */
  #string(member: Member, value: string, at: number, path: string): unknown {
    // A lone surrogate has no UTF-8 encoding: the encoder would replace it, and the key would be another one.
    if (/\p{Surrogate}/u.test(value)) this.#fail(at, `${path}: invalid \\u escape: half of a surrogate pair`);
    switch (member) {
      case "id":
        return this.#id(value, at, path);
      case "name":
        return this.#checkedName(value, at, path);
      case "cipher":
        return this.#cipher(value, at, path);
      case "previousKeyExpires":
        return this.#date(value, at, path);
      default:
        return this.#key(value, at, path);
    }
  }

  #id(value: string, at: number, path: string): string {
    if (value === "*") this.#fail(at, `${path}: "*" is not allowed in a file: give each device its own key`);
    const id = this.#attempt(
      () => formatDeviceId(parseDeviceId(value)),
      // Not the library's message, which may repeat the key.
      () => this.#fail(at, `${path}: not a device id: give six pairs of hex digits, such as 24:0a:c4:01:02:03`),
    );
    const firstAt = this.#idsAt.get(id);
    if (firstAt !== undefined)
      this.#fail(at, `${path}: duplicate device ${id}, first defined at ${this.#place(firstAt)}`);
    this.#idsAt.set(id, at);
    return id;
  }

  #key(value: string, at: number, path: string): Uint8Array {
    const invisible = invisiblePart(value);
    if (invisible !== null) {
      this.#invisibleCount++;
      this.#firstInvisible ??= { at, message: `${path} ${invisible}, which counts as part of the key` };
    }
    return this.#attempt(
      () => keyOf(value),
      (error) => this.#fail(at, `${path}: ${causeText(error)}`),
    );
  }

  #checkedName(value: string, at: number, path: string): string {
    if (value.length > MAX_NAME_LENGTH)
      this.#fail(at, `${path}: ${value.length} characters is too long; the limit is ${MAX_NAME_LENGTH}`);
    // A copy: a slice would keep the whole text in memory, with every key in it.
    return JSON.parse(JSON.stringify(value)) as string;
  }

  #cipher(value: string, at: number, path: string): CipherName {
    const cipher = CIPHERS.find((each) => each === value);
    return cipher ?? this.#fail(at, `${path}: unknown cipher: give ${CIPHERS.join(" or ")}`);
  }

  #date(value: string, at: number, path: string): Date {
    const [, year, month, day] = DATE_FORM.exec(value) ?? [];
    // `Date.parse` takes the 30th of February for the 2nd of March.
    const isInCalendar = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
    const date = new Date(isInCalendar ? value : NaN);
    if (Number.isNaN(date.getTime()))
      this.#fail(at, `${path}: not a valid date: give date, time and zone, such as 2026-12-01T00:00:00Z`);
    return date;
  }

  #attempt<Value>(act: () => Value, failed: (error: unknown) => never): Value {
    try {
      return act();
    } catch (error) {
      return failed(error);
    }
  }

  #expect(wanted: Kind, found: Kind, at: number, path: string): void {
    if (found !== wanted) this.#fail(at, `${path}: expected ${ARTICLES[wanted]}, found ${ARTICLES[found]}`);
  }

  #syntaxError(name: string, at: number): never {
    const end = at >= this.#text.length ? ", but the text ends here" : "";
    return this.#fail(at, `${SYNTAX_ERRORS[name] ?? "this is not JSON"}${end}`);
  }

  #fail(at: number, message: string): never {
    throw new UsmpError("INVALID_ARG", `${this.#place(at)}: ${message}`);
  }

  /** `"line 3, column 7"`, both from 1; columns count characters. */
  #place(offset: number): string {
    const lines = this.#text.slice(0, offset).split(/\r\n|\r|\n/);
    return `line ${lines.length}, column ${Array.from(lines.at(-1) as string).length + 1}`;
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

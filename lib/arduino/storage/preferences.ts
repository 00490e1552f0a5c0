import { requireBytes, requireNumeric } from "../../core/arguments.js";
import { currentBoard } from "../board/current-board.js";
import { PerBoot } from "../board/per-boot.js";
import { ArduinoString, type TextLike } from "../text/arduino-string.js";
import { byteString } from "../text/byte-text.js";
import { requireText } from "../text/require-text.js";
import { C_TYPES } from "../values/c-types.js";
import { int64_t } from "../values/fixed-width.js";
import { NvsNamespace, type NvsEntry, type NvsInteger } from "./nvs-namespace.js";

/** The longest name of a key or a namespace. */
const MAX_NAME_LENGTH = 15;
/** The longest string, with its NUL. */
const MAX_STRING_BYTES = 4_000;
/** The entries of an empty ESP32 flash in its standard layout. */
const ENTRIES = 630;

/** The flash in this life. All objects that open a namespace share it. */
class Flash {
  readonly #namespaces = new Map<string, NvsNamespace>();

  constructor(readonly open: (name: string) => NvsNamespace) {}

  namespace(name: string): NvsNamespace {
    const namespace = this.#namespaces.get(name) ?? this.open(name);
    this.#namespaces.set(name, namespace);
    return namespace;
  }
}

const flash = new PerBoot((board) => new Flash((name) => new NvsNamespace(board.storage, name)));

interface Opened {
  readonly flash: Flash;
  readonly namespace: NvsNamespace;
  readonly isReadOnly: boolean;
}

/**
 * Settings in the board's flash, as on an ESP32: they survive a restart, a deep sleep, and the end of the program.
 *
 * A value keeps the type that it was put with. Read as another type, it does not exist. Integers wrap at their width.
 * `put...` returns how many bytes it wrote. It writes nothing and returns 0 if no namespace is open, if it is open for
 * reading only, or if the key has more than 15 characters.
 *
 * Every method throws UsmpError INVALID_ARG for an argument of another type than its own.
 */
export class Preferences {
  #opened: Opened | null = null;

  /**
   * Opens a namespace. False if one is open, if the name has more than 15 characters, or if there is nothing to read.
   */
  begin(name: string, readOnly = false): boolean {
    requireText("name", name);
    if (this.#current !== null || !isName(name)) return false;
    const ours = flash.of(currentBoard());
    const namespace = ours.namespace(name);
    if (readOnly && !namespace.exists) return false;
    namespace.create();
    this.#opened = { flash: ours, namespace, isReadOnly: readOnly };
    return true;
  }

  end(): void {
    this.#opened = null;
  }

  /** Removes every key of the namespace. */
  clear(): boolean {
    const namespace = this.#writable;
    namespace?.clear();
    return namespace !== null;
  }

  /** Removes a key. False if there was none. */
  remove(key: string): boolean {
    requireText("key", key);
    return this.#writable?.delete(key) ?? false;
  }

  isKey(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  /** How many entries are free. A number takes one, text and bytes take more. Counts only this namespace. */
  freeEntries(): number {
    const opened = this.#current;
    return opened === null ? 0 : Math.max(ENTRIES - opened.namespace.used, 0);
  }

  putBool(key: string, value: boolean): number {
    return this.putUChar(key, value ? 1 : 0);
  }

  getBool(key: string, defaultValue = false): boolean {
    return this.getUChar(key, defaultValue ? 1 : 0) === 1;
  }

  /** Signed, 8 bits. */
  putChar(key: string, value: number): number {
    return this.#putInteger(key, "i8", value);
  }

  getChar(key: string, defaultValue = 0): number {
    return Number(this.#getInteger(key, "i8", defaultValue));
  }

  /** Unsigned, 8 bits. */
  putUChar(key: string, value: number): number {
    return this.#putInteger(key, "u8", value);
  }

  getUChar(key: string, defaultValue = 0): number {
    return Number(this.#getInteger(key, "u8", defaultValue));
  }

  /** Signed, 16 bits. */
  putShort(key: string, value: number): number {
    return this.#putInteger(key, "i16", value);
  }

  getShort(key: string, defaultValue = 0): number {
    return Number(this.#getInteger(key, "i16", defaultValue));
  }

  /** Unsigned, 16 bits. */
  putUShort(key: string, value: number): number {
    return this.#putInteger(key, "u16", value);
  }

  getUShort(key: string, defaultValue = 0): number {
    return Number(this.#getInteger(key, "u16", defaultValue));
  }

  /** Signed, 32 bits. */
  putInt(key: string, value: number): number {
    return this.#putInteger(key, "i32", value);
  }

  getInt(key: string, defaultValue = 0): number {
    return Number(this.#getInteger(key, "i32", defaultValue));
  }

  /** Unsigned, 32 bits. */
  putUInt(key: string, value: number): number {
    return this.#putInteger(key, "u32", value);
  }

  getUInt(key: string, defaultValue = 0): number {
    return Number(this.#getInteger(key, "u32", defaultValue));
  }

  /** Signed, 32 bits, the same type as `Int`. */
  putLong(key: string, value: number): number {
    return this.#putInteger(key, "i32", value);
  }

  getLong(key: string, defaultValue = 0): number {
    return Number(this.#getInteger(key, "i32", defaultValue));
  }

  /** Unsigned, 32 bits, the same type as `UInt`. */
  putULong(key: string, value: number): number {
    return this.#putInteger(key, "u32", value);
  }

  getULong(key: string, defaultValue = 0): number {
    return Number(this.#getInteger(key, "u32", defaultValue));
  }

  /** Signed, 64 bits. */
  putLong64(key: string, value: number | bigint): number {
    return this.#putInteger(key, "i64", value);
  }

  getLong64(key: string, defaultValue = 0n): bigint {
    return BigInt(this.#getInteger(key, "i64", defaultValue));
  }

  /** Unsigned, 64 bits. */
  putULong64(key: string, value: number | bigint): number {
    return this.#putInteger(key, "u64", value);
  }

  getULong64(key: string, defaultValue = 0n): bigint {
    return BigInt(this.#getInteger(key, "u64", defaultValue));
  }

  putFloat(key: string, value: number): number {
    return this.#putFloating(key, "float", value);
  }

  /** In single precision: 0.1 comes back as 0.10000000149. */
  getFloat(key: string, defaultValue = NaN): number {
    return this.#getFloating(key, "float", defaultValue);
  }

  putDouble(key: string, value: number): number {
    return this.#putFloating(key, "double", value);
  }

  getDouble(key: string, defaultValue = NaN): number {
    return this.#getFloating(key, "double", defaultValue);
  }

  /** At most 3,999 bytes. */
  putString(key: string, value: TextLike): number {
    requireText("value", value);
    const text = value.toString();
    const { length } = byteString(text);
    return length < MAX_STRING_BYTES ? this.#put(key, { type: "str", value: text }, length) : 0;
  }

  getString(key: string, defaultValue: TextLike = ""): ArduinoString {
    requireText("defaultValue", defaultValue);
    const entry = this.#get(key);
    return new ArduinoString(entry?.type === "str" ? entry.value : defaultValue);
  }

  /** Stores a copy of the first `length` of `bytes`, at least one. */
  putBytes(key: string, bytes: Uint8Array, length?: number): number {
    requireBytes("bytes", bytes);
    const value = Uint8Array.from(bytes.subarray(0, length));
    return value.length > 0 ? this.#put(key, { type: "blob", value }, value.length) : 0;
  }

  /** Copies the bytes into `buffer` and returns their number; 0 if there are more than `maxLength`. */
  getBytes(key: string, buffer: Uint8Array, maxLength = Infinity): number {
    requireBytes("buffer", buffer);
    const bytes = this.#getBlob(key);
    if (bytes.length > Math.min(maxLength, buffer.length)) return 0;
    buffer.set(bytes);
    return bytes.length;
  }

  getBytesLength(key: string): number {
    return this.#getBlob(key).length;
  }

  /** The open namespace. One that an earlier life of the sketch opened is closed. */
  get #current(): Opened | null {
    return this.#opened?.flash === flash.of(currentBoard()) ? this.#opened : null;
  }

  get #writable(): NvsNamespace | null {
    const opened = this.#current;
    return opened === null || opened.isReadOnly ? null : opened.namespace;
  }

  #get(key: string): NvsEntry | undefined {
    requireText("key", key);
    return this.#current?.namespace.get(key);
  }

  #put(key: string, entry: NvsEntry, size: number): number {
    requireText("key", key);
    const namespace = this.#writable;
    if (namespace === null || !isName(key)) return 0;
    namespace.set(key, entry);
    return size;
  }

  #putInteger(key: string, type: NvsInteger, value: number | bigint): number {
    requireNumeric("value", value);
    const bits = Number(type.slice(1));
    const whole = int64_t(value);
    const wrapped = type.startsWith("u") ? BigInt.asUintN(bits, whole) : BigInt.asIntN(bits, whole);
    return this.#put(key, { type, value: wrapped }, bits / 8);
  }

  #getInteger(key: string, type: NvsInteger, defaultValue: number | bigint): number | bigint {
    requireNumeric("defaultValue", defaultValue);
    const entry = this.#get(key);
    return entry?.type === type ? entry.value : defaultValue;
  }

  /** Stores a float as its bytes, as on a board. */
  #putFloating(key: string, type: "float" | "double", value: number): number {
    requireNumeric("value", value);
    const bytes = new Uint8Array(C_TYPES[type].size);
    C_TYPES[type].write(new DataView(bytes.buffer), 0, value);
    return this.putBytes(key, bytes);
  }

  #getFloating(key: string, type: "float" | "double", defaultValue: number): number {
    requireNumeric("defaultValue", defaultValue);
    const bytes = this.#getBlob(key);
    if (bytes.length !== C_TYPES[type].size) return defaultValue;
    return C_TYPES[type].read(new DataView(bytes.buffer, bytes.byteOffset), 0);
  }

  #getBlob(key: string): Uint8Array {
    const entry = this.#get(key);
    return entry?.type === "blob" ? entry.value : new Uint8Array();
  }
}

function isName(name: string): boolean {
  return name.length > 0 && byteString(name).length <= MAX_NAME_LENGTH;
}

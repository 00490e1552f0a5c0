import { inspect } from "node:util";

import { isBytes } from "../../core/kinds.js";
import { UsmpError } from "../../errors.js";
import { byteString, bytesOf, charArray, textOf } from "./byte-text.js";
import type { CharArray } from "./char-array.js";
import { parseDouble, parseLong } from "./c-number.js";
import { isNothing, kindOf } from "./kind-of.js";
import type { NumberBase } from "./number-base.js";
import { numberText, type Numeric } from "./number-text.js";

/** Text in a sketch: a literal, a `String`, or a `char` array. */
export type TextLike = string | ArduinoString | CharArray;

/** Values that a `String` can be made of. Bytes are text up to the first NUL, as in a `char` array. */
export type Stringable = TextLike | Numeric | boolean | Uint8Array;

/** Shared by every copy of this library in the process. */
const BRAND = Symbol.for("usmp.arduino.string");

const SPACE = /^[\t-\r ]+|[\t-\r ]+$/g;

/**
 * The `String` of a sketch: text that changes in place.
 *
 * As on a board, it is a series of bytes, usually UTF-8. `length()` of "é" is 2, every index counts bytes, and `charAt`
 * may return half a character. If you take a text apart that way and put it together again, you get the same text. A
 * `char` is a string of one character here.
 *
 * TypeScript has no operators for objects: `s[0]` is `charAt(0)` and `setCharAt(0, c)`, `a == b` is `a.equals(b)`, and
 * `a += b` is `a.concat(b)`. In `"text" + s` and `${s}` it is its text.
 */
export class ArduinoString {
  /** A byte string. */
  #bytes: string;

  /**
   * `new String(42)`, `new String(255, HEX)`, `new String(3.14159, 3)`: as `Serial.print` writes, but in lower case.
   */
  constructor(...given: [] | [value: Stringable, format?: NumberBase | number]) {
    // By the number of arguments: String(undefined) is a mistake, not an empty text.
    this.#bytes = given.length === 0 ? "" : bytesFor(...given);
  }

  /** The length in bytes. */
  length(): number {
    return this.#bytes.length;
  }

  isEmpty(): boolean {
    return this.#bytes === "";
  }

  /** True: there is room for any text. On a board it may be false. */
  reserve(_size: number): boolean {
    return true;
  }

  /** The `char` at `index`; "\0" outside the text. */
  charAt(index: number): string {
    return textOf(this.#bytes[index] ?? "\0");
  }

  /** Writes the first byte of `char` at `index`. No effect outside the text. */
  setCharAt(index: number, char: string): void {
    if (index < 0 || index >= this.#bytes.length) return;
    this.#bytes = this.#bytes.slice(0, index) + firstByte(char) + this.#bytes.slice(index + 1);
  }

  /** Appends, in place. A number with a fraction gets two decimals. */
  concat(value: Stringable): boolean {
    this.#bytes += bytesFor(value);
    return true;
  }

  equals(other: TextLike): boolean {
    return this.#bytes === bytesFor(other);
  }

  /** Compares without regard to the case of ASCII letters. */
  equalsIgnoreCase(other: TextLike): boolean {
    return lower(this.#bytes) === lower(bytesFor(other));
  }

  /** Below 0, 0 or above 0, as the first bytes that differ. */
  compareTo(other: TextLike): number {
    return compareBytes(this.#bytes, bytesFor(other));
  }

  startsWith(prefix: TextLike, offset = 0): boolean {
    const sought = bytesFor(prefix);
    const at = unsigned(offset);
    return at + sought.length <= this.#bytes.length && this.#bytes.startsWith(sought, at);
  }

  endsWith(suffix: TextLike): boolean {
    return this.#bytes.endsWith(bytesFor(suffix));
  }

  /** The index of `text` from `fromIndex` on, or -1. */
  indexOf(text: TextLike, fromIndex = 0): number {
    const from = unsigned(fromIndex);
    return from >= this.#bytes.length ? -1 : this.#bytes.indexOf(bytesFor(text), from);
  }

  /** The last index of `text` at `fromIndex` or before, or -1. */
  lastIndexOf(text: TextLike, fromIndex = this.#bytes.length): number {
    const sought = bytesFor(text);
    return sought === "" || fromIndex < 0 ? -1 : this.#bytes.lastIndexOf(sought, fromIndex);
  }

  /**
   * The text from `from` up to, not including, `to`. The two may be swapped. A negative number counts as a very large
   * one, as on a board: `substring(0, indexOf(","))` of a text without a comma is the whole text.
   */
  substring(from: number, to = this.#bytes.length): ArduinoString {
    return fromBytes(this.#bytes.substring(unsigned(from), unsigned(to)));
  }

  /** Replaces every occurrence, in place. */
  replace(find: TextLike, replacement: TextLike): void {
    const sought = bytesFor(find);
    if (sought !== "") this.#bytes = this.#bytes.replaceAll(sought, () => bytesFor(replacement));
  }

  /** Removes `count` bytes from `index` on, in place; without a count, all of them. */
  remove(index: number, count = this.#bytes.length): void {
    const from = unsigned(index);
    this.#bytes = this.#bytes.slice(0, from) + this.#bytes.slice(from + unsigned(count));
  }

  /** Removes white space at both ends, in place. */
  trim(): void {
    this.#bytes = this.#bytes.replace(SPACE, "");
  }

  /** Changes the case of ASCII letters, in place. */
  toUpperCase(): void {
    this.#bytes = this.#bytes.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
  }

  /** Changes the case of ASCII letters, in place. */
  toLowerCase(): void {
    this.#bytes = lower(this.#bytes);
  }

  /** The number at the start of the text, else 0. 32 bits, as `long` on an ESP32. */
  toInt(): number {
    return parseLong(this.#bytes);
  }

  /** The number at the start of the text, else 0. In double precision here. */
  toFloat(): number {
    return parseDouble(this.#bytes);
  }

  toDouble(): number {
    return parseDouble(this.#bytes);
  }

  /** Copies at most `size - 1` bytes from `index` on into `buffer`, and a NUL after them. */
  getBytes(buffer: Uint8Array, size: number, index = 0): void {
    const room = Math.min(size, buffer.length);
    if (room <= 0) return;
    const copied = bytesOf(this.#bytes.slice(index, index + room - 1));
    buffer.set(copied);
    buffer[copied.length] = 0;
  }

  /** The same as {@link getBytes}. */
  toCharArray(buffer: Uint8Array, size: number, index = 0): void {
    this.getBytes(buffer, size, index);
  }

  /** The text as a TypeScript string, for `printf("%s", s.c_str())`. */
  c_str(): string {
    return textOf(this.#bytes);
  }

  toString(): string {
    return textOf(this.#bytes);
  }

  valueOf(): string {
    return textOf(this.#bytes);
  }

  toJSON(): string {
    return textOf(this.#bytes);
  }

  [inspect.custom](): string {
    return inspect(textOf(this.#bytes));
  }
}

Object.defineProperty(ArduinoString.prototype, BRAND, { value: true });

/** Whether `value` is an {@link ArduinoString}, of any copy of this library. */
export function isArduinoString(value: unknown): value is ArduinoString {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Compares two byte strings as C's `strcmp` does. */
export function compareBytes(a: string, b: string): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    const difference = a.charCodeAt(index) - b.charCodeAt(index);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The text of `value` on a board, as a byte string. */
function bytesFor(value: Stringable, format?: NumberBase | number): string {
  switch (typeof value) {
    case "string":
      return byteString(value);
    case "number":
    case "bigint":
      return numberText(value, format);
    case "boolean":
      return value ? "1" : "0";
    default:
      if (isNothing(value)) {
        throw new UsmpError("INVALID_ARG", `a String takes text, a number or bytes, not ${kindOf(value)}`);
      }
      return isBytes(value) ? charArray(value) : byteString(value.toString());
  }
}

function fromBytes(bytes: string): ArduinoString {
  return new ArduinoString(textOf(bytes));
}

/** An index or a count as the board reads it: -1 is 4294967295. */
function unsigned(value: number): number {
  return value >>> 0;
}

function firstByte(char: string): string {
  return byteString(char).charAt(0);
}

function lower(bytes: string): string {
  return bytes.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

import { inspect } from "node:util";

import { isBytes } from "../../core/kinds.js";
import { UsmpError } from "../../errors.js";
import { byteString, bytesOf, charArray, textOf } from "./byte-text.js";
import type { CharArray } from "./char-array.js";
import { parseDouble, parseLong } from "./c-number.js";
import { isNothing, kindOf } from "./kind-of.js";
import type { NumberBase } from "./number-base.js";
import { numberText, type Numeric } from "./number-text.js";

/** Text as a sketch has it: a literal, a `String`, or a `char` array. */
export type TextLike = string | ArduinoString | CharArray;

/** What a `String` can be made of. Bytes are text like a `char` array: they count up to the first NUL. */
export type Stringable = TextLike | Numeric | boolean | Uint8Array;

/** For every copy of this library in the process. */
const BRAND = Symbol.for("usmp.arduino.string");

const SPACE = /^[\t-\r ]+|[\t-\r ]+$/g;

/**
 * The `String` of a sketch: text that is changed in place.
 *
 * As on a board it is a row of bytes, UTF-8 by custom: `length()` of "é" is 2, every index counts bytes, and `charAt`
 * may give half a character. What is taken apart that way and put together again is the same text. A `char` is a string
 * of one character here.
 *
 * TypeScript has no operators for it: `s[0]` is `charAt(0)` and `setCharAt(0, c)`, `a == b` is `a.equals(b)`, `a += b`
 * is `a.concat(b)`. In `"text" + s` and `${s}` it is its text.
 */
export class ArduinoString {
  /** A byte string. */
  #bytes: string;

  /** `new String(42)`, `new String(255, HEX)`, `new String(3.14159, 3)`: as what `Serial.print` writes, but in lower case. */
  constructor(...given: [] | [value: Stringable, format?: NumberBase | number]) {
    // By their number: String(undefined) is a mistake, and no empty text.
    this.#bytes = given.length === 0 ? "" : bytesFor(...given);
  }

  /** In bytes. */
  length(): number {
    return this.#bytes.length;
  }

  isEmpty(): boolean {
    return this.#bytes === "";
  }

  /** There is room for any text here; on a board it may be false. */
  reserve(_size: number): boolean {
    return true;
  }

  /** The `char` at `index`, "\0" outside of the text. */
  charAt(index: number): string {
    return textOf(this.#bytes[index] ?? "\0");
  }

  /** Puts the first byte of `char` at `index`; outside of the text it does nothing. */
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

  /** Upper and lower case of ASCII letters are one. */
  equalsIgnoreCase(other: TextLike): boolean {
    return lower(this.#bytes) === lower(bytesFor(other));
  }

  /** Below 0, 0 or above 0: how the first bytes that differ compare. */
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

  /** Where `text` begins, from `fromIndex` on, or -1. */
  indexOf(text: TextLike, fromIndex = 0): number {
    const from = unsigned(fromIndex);
    return from >= this.#bytes.length ? -1 : this.#bytes.indexOf(bytesFor(text), from);
  }

  /** Where `text` begins for the last time, at `fromIndex` or before, or -1. */
  lastIndexOf(text: TextLike, fromIndex = this.#bytes.length): number {
    const sought = bytesFor(text);
    return sought === "" || fromIndex < 0 ? -1 : this.#bytes.lastIndexOf(sought, fromIndex);
  }

  /**
   * From `from` up to, not including, `to`; the two may be swapped. What is below 0 is a very large number, as on a board:
   * `substring(0, indexOf(","))` of a text without a comma is all of it.
   */
  substring(from: number, to = this.#bytes.length): ArduinoString {
    return fromBytes(this.#bytes.substring(unsigned(from), unsigned(to)));
  }

  /** Replaces every occurrence, in place. */
  replace(find: TextLike, replacement: TextLike): void {
    const sought = bytesFor(find);
    if (sought !== "") this.#bytes = this.#bytes.replaceAll(sought, () => bytesFor(replacement));
  }

  /** Removes `count` bytes from `index` on, in place; without a count all of them. */
  remove(index: number, count = this.#bytes.length): void {
    const from = unsigned(index);
    this.#bytes = this.#bytes.slice(0, from) + this.#bytes.slice(from + unsigned(count));
  }

  /** Removes white space at both ends, in place. */
  trim(): void {
    this.#bytes = this.#bytes.replace(SPACE, "");
  }

  /** ASCII letters, in place. */
  toUpperCase(): void {
    this.#bytes = this.#bytes.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
  }

  /** ASCII letters, in place. */
  toLowerCase(): void {
    this.#bytes = lower(this.#bytes);
  }

  /** The number that the text begins with, else 0. At most 32 bits, as `long` has on an ESP32. */
  toInt(): number {
    return parseLong(this.#bytes);
  }

  /** The number that the text begins with, else 0; in double precision here. */
  toFloat(): number {
    return parseDouble(this.#bytes);
  }

  toDouble(): number {
    return parseDouble(this.#bytes);
  }

  /** Copies bytes from `index` on into `buffer`, at most `size - 1` of them, and a NUL behind them. */
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

  /** The text as a string of TypeScript: for `printf("%s", s.c_str())`. */
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

/** Whether `value` is an {@link ArduinoString}, of whichever copy of this library. */
export function isArduinoString(value: unknown): value is ArduinoString {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Two byte strings as C's `strcmp` compares them. */
export function compareBytes(a: string, b: string): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    const difference = a.charCodeAt(index) - b.charCodeAt(index);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** What `value` is on a board, as a byte string. */
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

/** An index or a count as the board takes it: -1 is 4294967295. */
function unsigned(value: number): number {
  return value >>> 0;
}

function firstByte(char: string): string {
  return byteString(char).charAt(0);
}

function lower(bytes: string): string {
  return bytes.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

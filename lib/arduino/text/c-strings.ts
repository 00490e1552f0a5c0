/**
 * C's functions on text and memory. A `char` array is made by `charArray`, its text ends at the first NUL. What would write behind the end of a buffer is an error here: on a board it overwrites something else.
 */
import { isBytes } from "../../core/kinds.js";
import { UsmpError } from "../../errors.js";

import { compareBytes, type TextLike } from "./arduino-string.js";
import { byteString, bytesOf, charArray } from "./byte-text.js";
import { parseDouble, parseInteger, parseLong } from "./c-number.js";
import { isNothing, kindOf } from "./kind-of.js";
import type { NumberBase } from "./number-base.js";
import { dtostrfText } from "./number-text.js";
import { formatted, type PrintfArgument } from "./printf.js";

/** Text, or a `char` array with text in it. */
export type CString = TextLike | Uint8Array;

/** The bytes before the NUL. */
export function strlen(text: CString): number {
  return bytesBeforeNul(text).length;
}

/** Below 0, 0 or above 0. */
export function strcmp(a: CString, b: CString): number {
  return compareBytes(bytesBeforeNul(a), bytesBeforeNul(b));
}

/** {@link strcmp} of the first `count` bytes. */
export function strncmp(a: CString, b: CString, count: number): number {
  return compareBytes(bytesBeforeNul(a).slice(0, count), bytesBeforeNul(b).slice(0, count));
}

/** {@link strcmp} that takes upper and lower case of ASCII letters as one. */
export function strcasecmp(a: CString, b: CString): number {
  return compareBytes(lower(bytesBeforeNul(a)), lower(bytesBeforeNul(b)));
}

/** Copies the text and a NUL. */
export function strcpy(buffer: Uint8Array, text: CString): Uint8Array {
  return put("strcpy", buffer, `${bytesBeforeNul(text)}\0`);
}

/** Copies at most `count` bytes, and NULs up to `count`; a text of `count` bytes or more gets no NUL. */
export function strncpy(buffer: Uint8Array, text: CString, count: number): Uint8Array {
  return put("strncpy", buffer, bytesBeforeNul(text).slice(0, count).padEnd(count, "\0"));
}

/** Appends the text and a NUL. */
export function strcat(buffer: Uint8Array, text: CString): Uint8Array {
  return put("strcat", buffer, `${charArray(buffer)}${bytesBeforeNul(text)}\0`);
}

/** The number a text begins with, else 0. */
export function atoi(text: CString): number {
  return parseLong(bytesBeforeNul(text));
}

/** The number a text begins with, else 0. */
export const atol = atoi;

/**
 * The integer a text begins with, in `base` (2 to 36; 0: what its prefix says), else 0; 32 bits, the nearest where it does
 * not fit. Where the number ends is not told: `end` is null.
 */
export function strtol(text: CString, _end: null, base: number | NumberBase): number {
  return Math.min(Math.max(integerIn(text, base), -0x8000_0000), 0x7fff_ffff);
}

/** {@link strtol} without a sign: "-1" is 4294967295, as in C. */
export function strtoul(text: CString, _end: null, base: number | NumberBase): number {
  const value = integerIn(text, base);
  return Math.abs(value) > 0xffff_ffff ? 0xffff_ffff : value >>> 0;
}

/** The number a text begins with, else 0. */
export function atof(text: CString): number {
  return parseDouble(bytesBeforeNul(text));
}

/**
 * printf into a buffer of `size` bytes, NUL included: what does not fit is cut off.
 *
 * Returns how long the whole text is, so a number from `size` on means that it was cut.
 */
export function snprintf(buffer: Uint8Array, size: number, format: string, ...args: readonly PrintfArgument[]): number {
  const text = formatted(format, args);
  if (size > 0) put("snprintf", buffer, `${text.slice(0, size - 1)}\0`);
  return text.length;
}

/** printf into a buffer, with a NUL. Returns the length of the text. */
export function sprintf(buffer: Uint8Array, format: string, ...args: readonly PrintfArgument[]): number {
  const text = formatted(format, args);
  put("sprintf", buffer, `${text}\0`);
  return text.length;
}

/** `value` with `decimals`, filled up with spaces to `width`, into `buffer`. */
export function dtostrf(value: number, width: number, decimals: number, buffer: Uint8Array): Uint8Array {
  return put("dtostrf", buffer, `${dtostrfText(value, width, decimals)}\0`);
}

/** Copies the first `count` bytes; the two may overlap. */
export function memcpy(to: Uint8Array, from: Uint8Array, count: number): Uint8Array {
  inside("memcpy", from, count);
  to.set(from.subarray(0, count), inside("memcpy", to, count));
  return to;
}

/** Copies the first `count` bytes; the two may overlap. */
export const memmove = memcpy;

/** Fills the first `count` bytes. */
export function memset(buffer: Uint8Array, byte: number, count: number): Uint8Array {
  return buffer.fill(byte, inside("memset", buffer, count), count);
}

/** Below 0, 0 or above 0: how the first of `count` bytes that differ compare. */
export function memcmp(a: Uint8Array, b: Uint8Array, count: number): number {
  const start = Math.max(inside("memcmp", a, count), inside("memcmp", b, count));
  return Buffer.compare(a.subarray(start, count), b.subarray(start, count));
}

function bytesBeforeNul(text: CString): string {
  if (isNothing(text)) throw new UsmpError("INVALID_ARG", `a C string is text or bytes, not ${kindOf(text)}`);
  return isBytes(text) ? charArray(text) : (byteString(text.toString()).split("\0", 1)[0] as string);
}

function integerIn(text: CString, base: number | NumberBase): number {
  return Number(parseInteger(bytesBeforeNul(text), typeof base === "number" ? base : base.radix));
}

function lower(bytes: string): string {
  return bytes.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function put(name: string, buffer: Uint8Array, bytes: string): Uint8Array {
  buffer.set(bytesOf(bytes), inside(name, buffer, bytes.length));
  return buffer;
}

/** Where the bytes begin: at 0, if there are `count` of them. */
function inside(name: string, buffer: Uint8Array, count: number): 0 {
  if (count >= 0 && count <= buffer.length) return 0;
  throw new UsmpError("INVALID_ARG", `${name}: ${count} bytes are not inside of a buffer of ${buffer.length}`);
}

/**
 * C's functions on text and memory. `charArray` makes a `char` array, and its text ends at the first NUL. Writing past the end
 * of a buffer is an error here, INVALID_ARG; on a board it overwrites something else. So is an argument of a wrong type.
 */
import { requireBytes, requireNumber } from "../../core/arguments.js";
import { isBytes } from "../../core/kinds.js";
import { hasMember } from "../../core/own-members.js";
import { UsmpError } from "../../errors.js";

import { compareBytes, type TextLike } from "./arduino-string.js";
import { byteString, bytesOf, charArray } from "./byte-text.js";
import { parseDouble, parseInteger, parseLong } from "./c-number.js";
import type { NumberBase } from "./number-base.js";
import { dtostrfText } from "./number-text.js";
import { formatted, type PrintfArgument } from "./printf.js";
import { requireText } from "./require-text.js";

/** Text, or a `char` array with text in it. */
export type CString = TextLike | Uint8Array;

/** The bytes before the NUL. */
export function strlen(text: CString): number {
  return bytesBeforeNul("strlen", text).length;
}

/** Below 0, 0 or above 0. */
export function strcmp(a: CString, b: CString): number {
  return compareBytes(bytesBeforeNul("strcmp", a), bytesBeforeNul("strcmp", b));
}

/** {@link strcmp} of the first `count` bytes. */
export function strncmp(a: CString, b: CString, count: number): number {
  requireNumber("count", count);
  return compareBytes(bytesBeforeNul("strncmp", a).slice(0, count), bytesBeforeNul("strncmp", b).slice(0, count));
}

/** {@link strcmp} that takes upper and lower case of ASCII letters as one. */
export function strcasecmp(a: CString, b: CString): number {
  return compareBytes(lower(bytesBeforeNul("strcasecmp", a)), lower(bytesBeforeNul("strcasecmp", b)));
}

/** Copies the text and a NUL. */
export function strcpy(buffer: Uint8Array, text: CString): Uint8Array {
  return put("strcpy", buffer, `${bytesBeforeNul("strcpy", text)}\0`);
}

/** Copies at most `count` bytes, and NULs up to `count`; a text of `count` bytes or more gets no NUL. */
export function strncpy(buffer: Uint8Array, text: CString, count: number): Uint8Array {
  requireNumber("count", count);
  return put("strncpy", buffer, bytesBeforeNul("strncpy", text).slice(0, count).padEnd(count, "\0"));
}

/** Appends the text and a NUL. */
export function strcat(buffer: Uint8Array, text: CString): Uint8Array {
  requireBytes("buffer", buffer);
  return put("strcat", buffer, `${charArray(buffer)}${bytesBeforeNul("strcat", text)}\0`);
}

/** The number a text begins with, else 0. */
export function atoi(text: CString): number {
  return parseLong(bytesBeforeNul("atoi", text));
}

/** The number a text begins with, else 0. */
export function atol(text: CString): number {
  return parseLong(bytesBeforeNul("atol", text));
}

/**
 * The integer a text begins with, in `base` (2 to 36; 0: what its prefix says), else 0; 32 bits, the nearest where it does
 * not fit. Where the number ends is not told: `end` is null.
 */
export function strtol(text: CString, _end: null, base: number | NumberBase): number {
  return Math.min(Math.max(integerIn("strtol", text, base), -0x8000_0000), 0x7fff_ffff);
}

/** {@link strtol} without a sign: "-1" is 4294967295, as in C. */
export function strtoul(text: CString, _end: null, base: number | NumberBase): number {
  const value = integerIn("strtoul", text, base);
  return Math.abs(value) > 0xffff_ffff ? 0xffff_ffff : value >>> 0;
}

/** The number a text begins with, else 0. */
export function atof(text: CString): number {
  return parseDouble(bytesBeforeNul("atof", text));
}

/**
 * printf into a buffer of `size` bytes, NUL included: what does not fit is cut off.
 *
 * Returns how long the whole text is, so a number from `size` on means that it was cut.
 */
export function snprintf(buffer: Uint8Array, size: number, format: string, ...args: readonly PrintfArgument[]): number {
  requireBytes("buffer", buffer);
  requireNumber("size", size);
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
  for (const [name, given] of Object.entries({ value, width, decimals })) requireNumber(name, given);
  return put("dtostrf", buffer, `${dtostrfText(value, width, decimals)}\0`);
}

/** Copies the first `count` bytes; the two may overlap. */
export function memcpy(to: Uint8Array, from: Uint8Array, count: number): Uint8Array {
  inside("memcpy", from, count);
  inside("memcpy", to, count);
  to.set(from.subarray(0, count));
  return to;
}

/** Copies the first `count` bytes; the two may overlap. */
export const memmove = memcpy;

/** Fills the first `count` bytes. */
export function memset(buffer: Uint8Array, byte: number, count: number): Uint8Array {
  requireNumber("byte", byte);
  const start = inside("memset", buffer, count);
  return buffer.fill(byte, start, count);
}

/** Below 0, 0 or above 0: how the first of `count` bytes that differ compare. */
export function memcmp(a: Uint8Array, b: Uint8Array, count: number): number {
  const start = Math.max(inside("memcmp", a, count), inside("memcmp", b, count));
  return Buffer.compare(a.subarray(start, count), b.subarray(start, count));
}

function bytesBeforeNul(name: string, text: CString): string {
  if (isBytes(text)) return charArray(text);
  requireText(`the text of ${name}`, text);
  return byteString(text.toString()).split("\0", 1)[0] as string;
}

function integerIn(name: string, text: CString, base: number | NumberBase): number {
  const radix = hasMember(base, "radix") ? (base as NumberBase).radix : base;
  requireNumber("base", radix);
  return Number(parseInteger(bytesBeforeNul(name, text), radix as number));
}

function lower(bytes: string): string {
  return bytes.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function put(name: string, buffer: Uint8Array, bytes: string): Uint8Array {
  const start = inside(name, buffer, bytes.length);
  buffer.set(bytesOf(bytes), start);
  return buffer;
}

/** Where the bytes begin: at 0, if there are `count` of them. */
function inside(name: string, buffer: Uint8Array, count: number): 0 {
  requireBytes("buffer", buffer);
  requireNumber("count", count);
  if (count >= 0 && count <= buffer.length) return 0;
  throw new UsmpError("INVALID_ARG", `${name}: ${count} bytes are not inside of a buffer of ${buffer.length}`);
}

/**
 * C's functions on text and memory. `charArray` makes a `char` array, whose text ends at the first NUL. Writing past
 * the end of a buffer, which overwrites other memory on a board, throws INVALID_ARG. So does an argument of a wrong
 * type.
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

/** Text, or a `char` array that holds text. */
export type CString = TextLike | Uint8Array;

/** The number of bytes before the NUL. */
export function strlen(text: CString): number {
  return bytesBeforeNul("strlen", text).length;
}

/** Compares two texts: below 0, 0 or above 0. */
export function strcmp(a: CString, b: CString): number {
  return compareBytes(bytesBeforeNul("strcmp", a), bytesBeforeNul("strcmp", b));
}

/** {@link strcmp} of the first `count` bytes. */
export function strncmp(a: CString, b: CString, count: number): number {
  requireNumber("count", count);
  return compareBytes(bytesBeforeNul("strncmp", a).slice(0, count), bytesBeforeNul("strncmp", b).slice(0, count));
}

/** {@link strcmp} that ignores the case of ASCII letters. */
export function strcasecmp(a: CString, b: CString): number {
  return compareBytes(lower(bytesBeforeNul("strcasecmp", a)), lower(bytesBeforeNul("strcasecmp", b)));
}

/** Copies the text and a NUL. */
export function strcpy(buffer: Uint8Array, text: CString): Uint8Array {
  return put("strcpy", buffer, `${bytesBeforeNul("strcpy", text)}\0`);
}

/** Copies at most `count` bytes, padded with NULs to `count`. A text of `count` bytes or more gets no NUL. */
export function strncpy(buffer: Uint8Array, text: CString, count: number): Uint8Array {
  requireNumber("count", count);
  return put("strncpy", buffer, bytesBeforeNul("strncpy", text).slice(0, count).padEnd(count, "\0"));
}

/** Appends the text and a NUL. */
export function strcat(buffer: Uint8Array, text: CString): Uint8Array {
  requireBytes("buffer", buffer);
  return put("strcat", buffer, `${charArray(buffer)}${bytesBeforeNul("strcat", text)}\0`);
}

/** The number at the start of a text, else 0. */
export function atoi(text: CString): number {
  return parseLong(bytesBeforeNul("atoi", text));
}

/** The number at the start of a text, else 0. */
export function atol(text: CString): number {
  return parseLong(bytesBeforeNul("atol", text));
}

/**
 * The integer at the start of a text, in `base` (2 to 36; 0 takes it from the prefix), else 0. If it does not fit into
 * 32 bits, the nearest number that does. It cannot report where the number ends: `end` is null.
 */
export function strtol(text: CString, _end: null, base: number | NumberBase): number {
  return Math.min(Math.max(integerIn("strtol", text, base), -0x8000_0000), 0x7fff_ffff);
}

/** {@link strtol} without a sign: "-1" is 4294967295, as in C. */
export function strtoul(text: CString, _end: null, base: number | NumberBase): number {
  const value = integerIn("strtoul", text, base);
  return Math.abs(value) > 0xffff_ffff ? 0xffff_ffff : value >>> 0;
}

/** The number at the start of a text, else 0. */
export function atof(text: CString): number {
  return parseDouble(bytesBeforeNul("atof", text));
}

/**
 * printf into a buffer of `size` bytes, including the NUL. Cuts off text that does not fit.
 *
 * Returns the length of the whole text. A number of `size` or more means that the text was cut.
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

/** Writes `value` with `decimals`, padded with spaces to `width`, into `buffer`. */
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

/** Compares `count` bytes: below 0, 0 or above 0, as the first bytes that differ. */
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

/** Returns 0, the offset of the bytes, if there are `count` of them. */
function inside(name: string, buffer: Uint8Array, count: number): 0 {
  requireBytes("buffer", buffer);
  requireNumber("count", count);
  if (count >= 0 && count <= buffer.length) return 0;
  throw new UsmpError("INVALID_ARG", `${name}: ${count} bytes are not inside of a buffer of ${buffer.length}`);
}

import { inspect } from "node:util";

import { UsmpError } from "../../errors.js";
import { byteString, byteStringOf, bytesOf, textOf } from "./byte-text.js";

/** Shared by every copy of this library in the process. */
const BRAND = Symbol.for("usmp.arduino.char-array");

/**
 * A C `char` array: bytes to write to, and text up to its first NUL wherever text is expected. An array without a NUL
 * is text to its end.
 */
export interface CharArray extends Uint8Array<ArrayBuffer> {
  /** `buffer + begin`, up to `end`: a `char` array that shares its bytes. */
  subarray(begin?: number, end?: number): CharArray;
  /** A copy. */
  slice(start?: number, end?: number): CharArray;
  /** The text before the first NUL. */
  toString(): string;
  toJSON(): string;
}

class CharBytes extends Uint8Array<ArrayBuffer> implements CharArray {
  declare readonly [BRAND]: true;

  override subarray(begin?: number, end?: number): CharBytes {
    const { buffer, byteOffset, length } = super.subarray(begin, end);
    return new CharBytes(buffer, byteOffset, length);
  }

  override slice(start?: number, end?: number): CharBytes {
    return new CharBytes(super.slice(start, end).buffer);
  }

  override toString(): string {
    return textOf(byteStringOf(bytesBeforeNul(this)));
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return inspect(this.toString());
  }
}
// On the prototype, because an array should have no members of its own besides its bytes.
Object.defineProperty(CharBytes.prototype, BRAND, { value: true });

/**
 * Makes a `char` array, filled with NULs after its text. `char line[64];` is `charArray(64)`, `char name[8] = "roof";`
 * is `charArray(8, "roof")`, and `char name[] = "roof";` is `charArray("roof")`, with room for its NUL.
 *
 * @throws UsmpError INVALID_ARG for a wrong size, or a text that does not fit
 */
export function charArray(size: number, text?: string): CharArray;
export function charArray(text: string): CharArray;
export function charArray(sizeOrText: number | string, text = ""): CharArray {
  const bytes = bytesOf(byteString(typeof sizeOrText === "string" ? sizeOrText : text));
  const size = typeof sizeOrText === "string" ? bytes.length + 1 : sizeOrText;
  if (!Number.isInteger(size) || size < 0) {
    throw new UsmpError("INVALID_ARG", `charArray(${String(size)}): the size is a whole number of bytes`);
  }
  if (bytes.length > size) {
    throw new UsmpError("INVALID_ARG", `charArray(${size}, "${text}"): the text has ${bytes.length} bytes`);
  }
  const array = new CharBytes(new ArrayBuffer(size));
  array.set(bytes);
  return array;
}

/** Whether this is a {@link CharArray}, of any copy of this library. */
export function isCharArray(value: unknown): value is CharArray {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** The bytes before the first NUL, or all of them, as a view. */
export function bytesBeforeNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  // A plain Uint8Array, even if `bytes` is a subclass.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, end < 0 ? bytes.length : end);
}

import { inspect } from "node:util";

import { UsmpError } from "../../errors.js";
import { byteString, byteStringOf, bytesOf, textOf } from "./byte-text.js";

/** For every copy of this library in the process. */
const BRAND = Symbol.for("usmp.arduino.char-array");

/**
 * A `char` array of C: bytes to write to, and text wherever text is asked for, up to its first NUL. As in C, an array
 * without a NUL is text to its end.
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
// On the prototype: an array has no members beside its bytes.
Object.defineProperty(CharBytes.prototype, BRAND, { value: true });

/**
 * A `char` array, filled with NULs behind its text: `char line[64];` is `charArray(64)`, `char name[8] = "roof";` is
 * `charArray(8, "roof")`, `char name[] = "roof";` is `charArray("roof")`, with room for its NUL.
 *
 * @throws UsmpError INVALID_ARG for no size, or a text for which there is no room
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

/** Whether this is a {@link CharArray}, of whichever copy of this library. */
export function isCharArray(value: unknown): value is CharArray {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** The bytes before the first NUL, or all of them; a view. */
export function bytesBeforeNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  // Plain bytes, whatever `bytes` is.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, end < 0 ? bytes.length : end);
}

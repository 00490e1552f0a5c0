/**
 * A `char` on a board is one byte. Here it is a string of one character, or the byte's number, as `Serial.read()`
 * returns it.
 */
import { UsmpError } from "../../errors.js";

import { byteString, textOf } from "./byte-text.js";

export type Char = string | number;

/** The byte of `char`. @throws UsmpError INVALID_ARG for text that is not one byte, such as "é" or "". */
export function codeOf(char: Char): number {
  if (typeof char === "number") return char;
  const bytes = byteString(char);
  if (bytes.length === 1) return bytes.charCodeAt(0);
  throw new UsmpError("INVALID_ARG", `a char is one byte, and "${char}" has ${bytes.length}`);
}

/** `(char)code`: a string of one character. Bytes above 127, written one after the other, become UTF-8 again. */
export function char(code: Char): string {
  return textOf(String.fromCharCode(codeOf(code) & 0xff));
}

const isOneOf =
  (pattern: RegExp) =>
  (char: Char): boolean =>
    pattern.test(textOf(String.fromCharCode(codeOf(char) & 0xff)));

/** 0 to 9. */
export const isDigit = isOneOf(/[0-9]/);
/** A letter of ASCII. */
export const isAlpha = isOneOf(/[A-Za-z]/);
/** A letter or digit of ASCII. */
export const isAlphaNumeric = isOneOf(/[A-Za-z0-9]/);
/** Space, tab, line feed, carriage return, vertical tab, form feed. */
export const isSpace = isOneOf(/[\t-\r ]/);
/** Space or tab. */
export const isWhitespace = isOneOf(/[\t ]/);
export const isUpperCase = isOneOf(/[A-Z]/);
export const isLowerCase = isOneOf(/[a-z]/);
export const isHexadecimalDigit = isOneOf(/[0-9A-Fa-f]/);
/** Visible ASCII, space included. */
export const isPrintable = isOneOf(/[ -~]/);
/** Visible ASCII without the space. */
export const isGraph = isOneOf(/[!-~]/);
/** Visible ASCII that is neither letter nor digit. */
export const isPunct = isOneOf(/[!-/:-@[-`{-~]/);
export const isControl = (char: Char): boolean => codeOf(char) < 0x20 || codeOf(char) === 0x7f;
export const isAscii = (char: Char): boolean => codeOf(char) < 0x80;

/** `toupper`: an ASCII letter in upper case, anything else unchanged. Returns a number for a number. */
export function toupper<C extends Char>(char: C): C;
export function toupper(char: Char): Char {
  return isLowerCase(char) ? like(char, codeOf(char) - 0x20) : char;
}

/** `tolower`: an ASCII letter in lower case, anything else unchanged. Returns a number for a number. */
export function tolower<C extends Char>(char: C): C;
export function tolower(char: Char): Char {
  return isUpperCase(char) ? like(char, codeOf(char) + 0x20) : char;
}

function like(char: Char, code: number): Char {
  return typeof char === "number" ? code : String.fromCharCode(code);
}

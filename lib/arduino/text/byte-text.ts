/**
 * Text on a board is bytes, text in TypeScript is characters. Converting must not lose anything: a `char` of a board
 * can be half of an "é". A byte that is not UTF-8 in its place becomes the lone surrogate U+DC80 to U+DCFF, and that
 * becomes the byte again (the convention of Python's `surrogateescape`).
 *
 * Within the library, text is a byte string: a string whose characters are bytes, 0 to 255 each.
 */

const ESCAPE = 0xdc00;
const NOT_ASCII = /[\u0080-\uffff]/;
/** With the flag `u`, half of a surrogate pair does not match. */
const ESCAPED_BYTE = /[\udc80-\udcff]/gu;
/** A run of well-formed UTF-8 (Unicode 16, table 3-7), or one byte outside of any. */
const RUNS =
  /(?:[^\x80-\xff]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+|[\x80-\xff]/g;

/** Text as a byte string. */
export function byteString(text: string): string {
  if (!NOT_ASCII.test(text)) return text;
  let bytes = "";
  let end = 0;
  for (const escaped of text.matchAll(ESCAPED_BYTE)) {
    bytes += utf8(text.slice(end, escaped.index)) + String.fromCharCode(escaped[0].charCodeAt(0) - ESCAPE);
    end = escaped.index + 1;
  }
  return bytes + utf8(text.slice(end));
}

/** A byte string as text. */
export function textOf(bytes: string): string {
  if (!NOT_ASCII.test(bytes)) return bytes;
  return bytes.replace(RUNS, (run) => {
    const first = run.charCodeAt(0);
    // A single character is ASCII, or not UTF-8.
    if (run.length === 1) return first < 0x80 ? run : String.fromCharCode(ESCAPE + first);
    return Buffer.from(run, "latin1").toString("utf8");
  });
}

/** A byte string as bytes, in a fresh array. */
export function bytesOf(bytes: string): Uint8Array {
  return Uint8Array.from(Buffer.from(bytes, "latin1"));
}

/** Bytes as a byte string. */
export function byteStringOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** The text of a `char` array: the bytes before the first NUL, or all of them. As a byte string. */
export function charArray(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return byteStringOf(end < 0 ? bytes : bytes.subarray(0, end));
}

function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** Invisible characters that editors and shells put into key files. */

/** The prefix of a key that is given in hex digits. */
export const HEX_PREFIX = "hex:";

const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** The same bytes without the byte order mark that some editors put in front of UTF-8. A view, not a copy. */
export function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  return beginsWith(bytes, BYTE_ORDER_MARK) ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}

/** Why these bytes are not text that both sides would read alike, or null. */
export function encodingTrouble(bytes: Uint8Array): string | null {
  if (isUtf16(bytes)) return "it is UTF-16 text; save it as UTF-8";
  return bytes.includes(0) ? 'it holds a NUL byte; write a key that is not text as "hex:" and hex digits' : null;
}

/**
 * UTF-16 with its mark, as PowerShell's `>` writes it, or without: then every other byte of plain English text is 0.
 */
function isUtf16(bytes: Uint8Array): boolean {
  if (beginsWith(bytes, Uint8Array.of(0xff, 0xfe)) || beginsWith(bytes, Uint8Array.of(0xfe, 0xff))) return true;
  const isZeroAt = (parity: number): boolean => bytes.every((byte, index) => (byte === 0) === (index % 2 === parity));
  return bytes.length >= 2 && bytes.length % 2 === 0 && (isZeroAt(0) || isZeroAt(1));
}

function beginsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte);
}

/** White space and characters without a shape: invisible at the end of a line. */
const INVISIBLE = /^[\p{White_Space}\p{Cc}\p{Cf}]$/u;
/** White space other than these belongs in a passphrase. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const NAMES: ReadonlyMap<string, string> = new Map([
  [" ", "a space"],
  ["\t", "a tab"],
  ["\n", "a line break"],
  ["\r", "a carriage return"],
  ["\u00a0", "a no-break space"],
  ["\u200b", "a zero-width space"],
  ["\ufeff", "a byte order mark"],
]);

/**
 * What is invisible in a key although it counts, as a predicate (`"ends with a space"`), or null. Such a key works if
 * the other side has it as well; mostly it got there by accident.
 */
export function invisiblePart(key: string): string | null {
  const characters = Array.from(key);
  const [first = "", last = ""] = [characters[0], characters.at(-1)];
  const inner = CONTROL.exec(characters.slice(1, -1).join(""))?.[0];
  const parts = [
    ...(INVISIBLE.test(first) ? [`begins with ${nameOf(first)}`] : []),
    ...(inner === undefined ? [] : [`contains ${nameOf(inner)}`]),
    ...(INVISIBLE.test(last) ? [`ends with ${nameOf(last)}`] : []),
  ];
  return parts.length === 0 ? null : parts.join(" and ");
}

function nameOf(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return NAMES.get(character) ?? `the invisible character U+${code}`;
}

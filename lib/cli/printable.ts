/** Control characters, which terminal escapes begin with, line separators, and characters that reorder or hide text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A message as one line that is safe on a terminal: text with control characters escaped (`\n`, `\x1b`), or `hex:` and
 * digits if it is not UTF-8.
 */
export function printable(message: Uint8Array): string {
  try {
    return escapeControls(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(message));
  } catch {
    return `hex:${Buffer.from(message).toString("hex")}`;
  }
}

/** Escapes every character that a terminal would act on. */
export function escapeControls(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT_ESCAPES[character] ?? escapeCodePoint(character));
}

function escapeCodePoint(character: string): string {
  const digits = (character.codePointAt(0) as number).toString(16);
  return digits.length <= 2 ? `\\x${digits.padStart(2, "0")}` : `\\u{${digits}}`;
}

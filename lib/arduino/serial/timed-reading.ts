/** How a sketch reads what may still be on its way: a byte at a time, each with the time limit of `setTimeout`. */
import { codeOf, type Char } from "../text/characters.js";

/** Where bytes come from. */
export interface TimedSource {
  /** The next byte, which `read` takes and `peek` leaves; -1 where there is none. */
  read(): number;
  peek(): number;
  /** Waits for a byte; false where none came within the time limit. */
  arrival(): Promise<boolean>;
}

/**
 * What becomes of a byte: it is taken, and the next one is looked at; it is the last one to be taken; it is left there.
 */
type Verdict = "take" | "take-last" | "leave";

const MINUS = codeOf("-");
const POINT = codeOf(".");
const ZERO = codeOf("0");

/** Fills `buffer` up to `length`. Returns how many bytes came. */
export async function readBytes(source: TimedSource, buffer: Uint8Array, length: number): Promise<number> {
  return readBytesUntil(source, null, buffer, length);
}

/** As `readBytes`, up to `terminator`, which is taken and not put into the buffer. */
export async function readBytesUntil(
  source: TimedSource,
  terminator: Char | null,
  buffer: Uint8Array,
  length: number,
): Promise<number> {
  const end = terminator === null ? null : codeOf(terminator);
  const room = Math.min(length, buffer.length);
  let count = 0;
  if (room <= 0) return count;
  await eachByte(source, (byte) => {
    if (byte === end) return "take-last";
    buffer[count++] = byte;
    return count < room ? "take" : "take-last";
  });
  return count;
}

/** Reads up to `terminator`, which is taken and left out, or until no more bytes arrive in time. As a byte string. */
export async function readText(source: TimedSource, terminator: Char | null): Promise<string> {
  const end = terminator === null ? null : codeOf(terminator);
  let text = "";
  await eachByte(source, (byte) => {
    if (byte === end) return "take-last";
    text += String.fromCharCode(byte);
    return "take";
  });
  return text;
}

/**
 * The next integer, of 32 bits, after skipping other text. `ignore` may stand between its digits. 0 if none arrives.
 */
export async function readInteger(source: TimedSource, ignore?: Char): Promise<number> {
  const { digits, isNegative } = await readDigits(source, ignore, false);
  return Number(BigInt.asIntN(32, BigInt(digits) * (isNegative ? -1n : 1n)));
}

/** The next decimal number, after skipping other text. `ignore` may stand between its digits. 0 if none arrives. */
export async function readFloat(source: TimedSource, ignore?: Char): Promise<number> {
  const { digits, decimals, isNegative } = await readDigits(source, ignore, true);
  return Number(`${isNegative ? "-" : ""}${digits}e-${decimals}`);
}

/** Takes bytes up to and including `target`. False if it does not arrive, or `terminator` arrives first. */
export async function find(source: TimedSource, target: string, terminator = ""): Promise<boolean> {
  if (target === "") return true;
  const longest = Math.max(target.length, terminator.length);
  let seen = "";
  let isFound = false;
  await eachByte(source, (byte) => {
    seen = (seen + String.fromCharCode(byte)).slice(-longest);
    isFound = seen.endsWith(target);
    return isFound || (terminator !== "" && seen.endsWith(terminator)) ? "take-last" : "take";
  });
  return isFound;
}

interface Digits {
  readonly digits: string;
  readonly decimals: number;
  readonly isNegative: boolean;
}

/** A minus sign and digits, with one point if `isDecimal`. Leaves the byte after them unread. */
async function readDigits(source: TimedSource, ignore: Char | undefined, isDecimal: boolean): Promise<Digits> {
  const ignored = ignore === undefined ? null : codeOf(ignore);
  let digits = "";
  let hasPoint = false;
  let decimals = 0;
  let isNegative = false;
  let hasBegun = false;
  await eachByte(source, (byte) => {
    if (byte >= ZERO && byte < ZERO + 10) {
      digits += String.fromCharCode(byte);
      if (hasPoint) decimals++;
    } else if (isDecimal && byte === POINT && !hasPoint) hasPoint = true;
    else if (byte === MINUS && !hasBegun) isNegative = true;
    else if (byte !== ignored) return hasBegun ? "leave" : "take";
    hasBegun ||= byte !== ignored;
    return "take";
  });
  return { digits: digits || "0", decimals, isNegative };
}

/** Passes each byte to `judge`, until it takes the last one or leaves one, or none arrives within the timeout. */
async function eachByte(source: TimedSource, judge: (byte: number) => Verdict): Promise<void> {
  for (;;) {
    const byte = source.peek();
    if (byte < 0) {
      if (!(await source.arrival())) return;
      continue;
    }
    const verdict = judge(byte);
    if (verdict === "leave") return;
    source.read();
    if (verdict === "take-last") return;
  }
}

/**
 * C's printf, as on an ESP32 (newlib; `int`, `long` and pointers of 32 bits). Written here because no package matches
 * C. The best, printj, passes 44 of 47 cases, but rounds ties up, has no 64-bit numbers and takes no bytes for `%s`.
 * `printf` and
 * @stdlib/string-format lack length modifiers, sprintf-js and fast-printf some of the flags.
 */
import { refuseArgument } from "../../core/arguments.js";
import { isBytes } from "../../core/kinds.js";
import { UsmpError } from "../../errors.js";

import { isArduinoString, type ArduinoString } from "./arduino-string.js";
import { byteString, charArray } from "./byte-text.js";
import { exponential, fixed, general } from "./exact-decimal.js";

/** An argument of printf. Bytes and text are for `%s`. A string of one character is also a `char`, so a number. */
export type PrintfArgument = number | bigint | boolean | string | ArduinoString | Uint8Array | null;

interface Conversion {
  /** The conversion as written in the format, for messages. */
  readonly text: string;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly bits: number;
  readonly letter: string;
}

const CONVERSION = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?(hh|h|ll|l|j|z|t|L|q)?(.?)/gs;
const BITS: Readonly<Record<string, number>> = { hh: 8, h: 16, ll: 64, j: 64, q: 64 };
const INT_BITS = 32;
const DEFAULT_PRECISION = 6;

/**
 * Formats the arguments. Returns a byte string (byte-text.ts): widths and precisions count bytes.
 *
 * @throws UsmpError INVALID_ARG if an argument is missing or does not fit its conversion (a board prints garbage or
 * crashes), and for `%n`, `%a` and unknown conversions.
 */
export function formatted(format: string, args: readonly PrintfArgument[]): string {
  if (typeof format !== "string") refuseArgument("the format of printf", format, "a string");
  const list = new Arguments(args);
  return byteString(format).replace(
    CONVERSION,
    (text: string, flags: string, width?: string, precision?: string, size?: string, letter?: string) => {
      if (letter === "%") return "%";
      const count = (digits: string): number => (digits === "*" ? Number(integer(list.next(text), text)) : +digits);
      const wide = count(width ?? "0");
      const precise = precision === undefined ? -1 : count(precision);
      const conversion = {
        text,
        flags: wide < 0 ? `${flags}-` : flags,
        width: Math.abs(wide),
        precision: precise < 0 ? undefined : precise,
        bits: BITS[size ?? ""] ?? INT_BITS,
        letter: letter ?? "",
      };
      return converted(conversion, list);
    },
  );
}

/** The arguments, taken one after the other. */
class Arguments {
  #index = 0;

  constructor(readonly args: readonly PrintfArgument[]) {}

  next(conversion: string): PrintfArgument {
    const argument = this.args[this.#index++];
    if (argument !== undefined) return argument;
    throw new UsmpError("INVALID_ARG", `printf: "${conversion}" has no argument: number ${this.#index} is missing`);
  }
}

function converted(conversion: Conversion, list: Arguments): string {
  const { text, precision, bits, letter } = conversion;
  switch (letter) {
    case "d":
    case "i":
      return integral(conversion, BigInt.asIntN(bits, integer(list.next(text), text)), 10);
    case "u":
      return integral(conversion, BigInt.asUintN(bits, integer(list.next(text), text)), 10);
    case "x":
    case "X":
    case "p":
      return integral(conversion, BigInt.asUintN(bits, integer(list.next(text), text)), 16);
    case "o":
      return integral(conversion, BigInt.asUintN(bits, integer(list.next(text), text)), 8);
    case "c":
      return padded(conversion, String.fromCharCode(Number(integer(list.next(text), text) & 0xffn)));
    case "s":
      return padded(conversion, stringArgument(list.next(text), text, precision));
    default:
      if (/[feg]/i.test(letter)) return floating(conversion, float(list.next(text), text));
      throw new UsmpError("INVALID_ARG", `printf: "${text}" is no conversion known here; a percent sign is "%%"`);
  }
}

function integral({ letter, flags, width, precision }: Conversion, value: bigint, radix: number): string {
  const isZero = value === 0n;
  let digits = isZero && precision === 0 ? "" : (value < 0n ? -value : value).toString(radix);
  digits = digits.padStart(precision ?? 0, "0");
  if (letter === "o" && flags.includes("#") && !digits.startsWith("0")) digits = `0${digits}`;
  const isPrefixed = letter === "p" || (radix === 16 && flags.includes("#") && !isZero);
  const sign = letter === "d" || letter === "i" ? signOf(value < 0n, flags) : "";
  const number = filled(
    sign + (isPrefixed ? "0x" : ""),
    digits,
    width,
    precision === undefined ? flags : noZero(flags),
  );
  return letter === "X" ? number.toUpperCase() : number;
}

function floating({ letter, flags, width, precision = DEFAULT_PRECISION }: Conversion, value: number): string {
  const sign = signOf(value < 0 || Object.is(value, -0), flags);
  const text = Number.isFinite(value)
    ? filled(sign, magnitude(Math.abs(value), letter.toLowerCase(), flags, precision), width, flags)
    : filled(sign, Number.isNaN(value) ? "nan" : "inf", width, noZero(flags));
  return letter === letter.toUpperCase() ? text.toUpperCase() : text;
}

function magnitude(value: number, letter: string, flags: string, precision: number): string {
  const isAlternative = flags.includes("#");
  if (letter === "g") return withPoint(general(value, precision, isAlternative), isAlternative);
  return withPoint(letter === "f" ? fixed(value, precision) : exponential(value, precision), isAlternative);
}

/** With the flag `#`, a float has a point even if no digit follows it. */
function withPoint(number: string, isAlternative: boolean): string {
  return !isAlternative || number.includes(".") ? number : number.replace(/(?=e|$)/, ".");
}

function signOf(isNegative: boolean, flags: string): string {
  if (isNegative) return "-";
  if (flags.includes("+")) return "+";
  return flags.includes(" ") ? " " : "";
}

function noZero(flags: string): string {
  return flags.replaceAll("0", "");
}

/** Pads a number to its width. Zeros go between its sign or prefix and its digits. */
function filled(prefix: string, digits: string, width: number, flags: string): string {
  if (flags.includes("-")) return (prefix + digits).padEnd(width);
  if (flags.includes("0")) return prefix + digits.padStart(width - prefix.length, "0");
  return (prefix + digits).padStart(width);
}

function padded({ flags, width }: Conversion, text: string): string {
  return flags.includes("-") ? text.padEnd(width) : text.padStart(width);
}

function integer(argument: PrintfArgument, conversion: string): bigint {
  if (typeof argument === "bigint") return argument;
  // A quotient of 3.5 here is 3 on a board, where a division of integers gives an integer.
  if (typeof argument === "number" && Number.isFinite(argument)) return BigInt(Math.trunc(argument));
  if (typeof argument === "boolean") return BigInt(argument);
  if (typeof argument === "string" && byteString(argument).length === 1) {
    return BigInt(byteString(argument).charCodeAt(0));
  }
  throw wrongKind(conversion, "an integer", argument);
}

function float(argument: PrintfArgument, conversion: string): number {
  if (typeof argument === "number" || typeof argument === "bigint") return Number(argument);
  throw wrongKind(conversion, "a number", argument);
}

function stringArgument(argument: PrintfArgument, conversion: string, precision: number | undefined): string {
  if (isBytes(argument)) return charArray(argument.subarray(0, precision));
  if (argument === null) return "(null)".slice(0, precision);
  if (typeof argument === "string" || isArduinoString(argument)) {
    return byteString(argument.toString()).slice(0, precision);
  }
  throw wrongKind(conversion, "text", argument);
}

function wrongKind(conversion: string, expected: string, argument: PrintfArgument): UsmpError {
  const given = isBytes(argument) ? `${argument.length} bytes` : `${typeof argument} ${String(argument)}`;
  return new UsmpError("INVALID_ARG", `printf: "${conversion}" takes ${expected}, not ${given}`);
}

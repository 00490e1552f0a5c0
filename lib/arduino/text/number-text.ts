/**
 * Numbers as the board writes them. `print` and `String` round in binary arithmetic, each in its own way, and
 * differently from printf. The functions here repeat their steps, so that the last digit is the same.
 */
import { HEX, type NumberBase } from "./number-base.js";

/** A number that a sketch can print. */
export type Numeric = number | bigint;

/** Above this `print` writes "ovf" for a float, because its integer part is an unsigned 32-bit number there. */
const PRINT_FLOAT_MAX = 4_294_967_040;
const DEFAULT_DECIMALS = 2;

/** `Serial.print(value, format)`: upper-case digits; two decimals if there is a fraction. */
export function printedNumber(value: Numeric, given?: NumberBase | number): string {
  const format = formatOf(value, given);
  if (isFloat(value, format)) return printedFloat(Number(value), decimals(format));
  return integerText(value, format as NumberBase | undefined).toUpperCase();
}

/** `String(value, format)`: lower-case digits; two decimals if there is a fraction. */
export function numberText(value: Numeric, given?: NumberBase | number): string {
  const format = formatOf(value, given);
  if (!isFloat(value, format)) return integerText(value, format as NumberBase | undefined);
  const places = decimals(format);
  // The board uses this width, so a single digit without decimals gets a space before it.
  return dtostrfText(Number(value), places + 2, places);
}

/** `dtostrf`: `value` with `places` decimals, padded with spaces to `width`. */
export function dtostrfText(value: number, width: number, places: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return "inf";
  const sign = value < 0 ? "-" : "";
  const rounded = Math.abs(value) + 1 / (2 * 10 ** places);
  let scale = 1;
  let integerDigits = 1;
  for (; rounded >= 10 * scale; integerDigits++) scale *= 10;
  const digits = leadingDigits(rounded / scale, integerDigits + places);
  const fraction = places > 0 ? `.${digits.slice(integerDigits)}` : "";
  return (sign + digits.slice(0, integerDigits) + fraction).padStart(width);
}

/** 16 after a whole number is HEX: 16 decimals make no sense there, and on a board `print(n, 16)` is hexadecimal. */
function formatOf(value: Numeric, format: NumberBase | number | undefined): NumberBase | number | undefined {
  return format === 16 && (typeof value === "bigint" || Number.isInteger(value)) ? HEX : format;
}

/** A plain number after it means decimals, even for a whole number, which may be a float of the sketch. */
function isFloat(value: Numeric, format: NumberBase | number | undefined): boolean {
  if (typeof format === "number" || (typeof value === "number" && !Number.isFinite(value))) return true;
  return format === undefined && typeof value === "number" && !Number.isInteger(value);
}

function decimals(format: NumberBase | number | undefined): number {
  return typeof format === "number" ? Math.min(Math.max(Math.trunc(format), 0), 255) : DEFAULT_DECIMALS;
}

function printedFloat(value: number, places: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return "inf";
  if (Math.abs(value) > PRINT_FLOAT_MAX) return "ovf";
  let rounding = 0.5;
  for (let place = 0; place < places; place++) rounding /= 10;
  const rounded = Math.abs(value) + rounding;
  const whole = Math.trunc(rounded);
  const fraction = places > 0 ? `.${leadingDigits((rounded - whole) * 10, places)}` : "";
  return `${value < 0 ? "-" : ""}${whole}${fraction}`;
}

/** The first `count` digits of `value`, which is below 10, taken off one by one. */
function leadingDigits(value: number, count: number): string {
  let digits = "";
  for (let rest = value; digits.length < count; rest *= 10) {
    const digit = Math.min(Math.trunc(rest), 9);
    digits += digit.toString();
    rest -= digit;
  }
  return digits;
}

/** Decimal with a sign. In any other base the bits: 32 if they suffice, else 64. */
function integerText(value: Numeric, base: NumberBase | undefined): string {
  const integer = typeof value === "bigint" ? value : Math.trunc(value);
  if (base === undefined || base.radix === 10) return integerDigits(integer);
  if (integer >= 0) return integer.toString(base.radix);
  const bits = integer >= -0x8000_0000 ? 32 : 64;
  return BigInt.asUintN(bits, BigInt(integer)).toString(base.radix);
}

/** Digits without an exponent, which `String` uses from 10^21 on. */
function integerDigits(integer: Numeric): string {
  return Number.isSafeInteger(integer) ? integer.toString() : BigInt(integer).toString();
}

/**
 * Floats as printf writes them: the exact binary value, rounded once, ties to the even digit. `toFixed` and
 * `toExponential` round ties up, and stop at 10^21 and at 100 places.
 */

const MANTISSA_BITS = 52n;
const EXPONENT_MASK = 0x7ffn;
const EXPONENT_BIAS = 1075n;

/** `%.<places>f` of a finite `value` of 0 or more. */
export function fixed(value: number, places: number): string {
  // As exact and faster, except for ties, for which this product is an integer.
  if (value < 1e15 && places <= 20 && !Number.isInteger(value * 2 * 10 ** places)) return value.toFixed(places);
  const digits = scaled(value, places)
    .toString()
    .padStart(places + 1, "0");
  const whole = digits.length - places;
  return places === 0 ? digits : `${digits.slice(0, whole)}.${digits.slice(whole)}`;
}

/** `%.<places>e` of a finite `value` of 0 or more. */
export function exponential(value: number, places: number): string {
  const { digits, exponent } = significant(value, places + 1);
  const mantissa = places === 0 ? digits : `${digits.slice(0, 1)}.${digits.slice(1)}`;
  const sign = exponent < 0 ? "-" : "+";
  return `${mantissa}e${sign}${Math.abs(exponent).toString().padStart(2, "0")}`;
}

/** `%.<precision>g` of a finite `value` of 0 or more, without trailing zeros unless `keepZeros`. */
export function general(value: number, precision: number, keepZeros: boolean): string {
  const count = Math.max(precision, 1);
  const { exponent } = significant(value, count);
  const isPlain = exponent >= -4 && exponent < count;
  const text = isPlain ? fixed(value, count - 1 - exponent) : exponential(value, count - 1);
  // Removes the zeros before the exponent. The exponent's own zeros stay.
  return keepZeros || !text.includes(".") ? text : text.replace(/\.?0*(?=e|$)/, "");
}

/** The first `count` digits, rounded, and the power of ten of the first. */
function significant(value: number, count: number): { digits: string; exponent: number } {
  if (value === 0) return { digits: "0".repeat(count), exponent: 0 };
  // From the shortest text of this number. It is off by one if that text, or the rounding, has crossed a power of ten.
  let exponent = Number(value.toExponential().split("e")[1]);
  for (;;) {
    const digits = scaled(value, count - 1 - exponent).toString();
    if (digits.length === count) return { digits, exponent };
    exponent += digits.length - count;
  }
}

/** `value * 10^places`, rounded to an integer. */
function scaled(value: number, places: number): bigint {
  const { mantissa, exponent } = binary(value);
  const numerator = mantissa * power(10n, places) * power(2n, exponent);
  const denominator = power(10n, -places) * power(2n, -exponent);
  const quotient = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  const isUp = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}

/** 1 if `exponent` is negative: that factor belongs to the other side of the fraction. */
function power(base: bigint, exponent: number): bigint {
  return exponent > 0 ? base ** BigInt(exponent) : 1n;
}

/** `value` as `mantissa * 2^exponent` (IEEE 754, double). */
function binary(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const fraction = bits & ((1n << MANTISSA_BITS) - 1n);
  const biased = (bits >> MANTISSA_BITS) & EXPONENT_MASK;
  return biased === 0n
    ? { mantissa: fraction, exponent: Number(1n - EXPONENT_BIAS) }
    : { mantissa: fraction | (1n << MANTISSA_BITS), exponent: Number(biased - EXPONENT_BIAS) };
}

/** Arithmetic of a sketch. A board's `int` and `long` have 32 bits and wrap. */
import { DEG_TO_RAD, RAD_TO_DEG } from "./constants.js";
import { int32_t, uint16_t, uint8_t } from "./values/fixed-width.js";

/** Maps a value from one range to another, in 32-bit integers, rounded towards zero. -1 if the first range is empty. */
export function map(value: number, fromLow: number, fromHigh: number, toLow: number, toHigh: number): number {
  const run = int32_t(int32_t(fromHigh) - int32_t(fromLow));
  if (run === 0) return -1;
  const rise = int32_t(int32_t(toHigh) - int32_t(toLow));
  const scaled = Math.imul(int32_t(value) - int32_t(fromLow), rise);
  return int32_t(Math.trunc(scaled / run) + int32_t(toLow));
}

/** `value`, clamped to `low` and `high`. */
export function constrain(value: number, low: number, high: number): number {
  if (value < low) return low;
  return value > high ? high : value;
}

/** The smaller of two numbers. */
export function min(a: number, b: number): number {
  return a < b ? a : b;
}

/** The larger of two numbers. */
export function max(a: number, b: number): number {
  return a > b ? a : b;
}

/** In double precision. A board often computes in single precision. */
export const { abs, pow, sqrt, sin, cos, tan } = Math;

/** The square. */
export function sq(value: number): number {
  return value * value;
}

/** Rounds to the nearest integer, and halves away from zero (`Math.round` rounds negative halves towards zero). */
export function round(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

/** An angle in degrees as radians. */
export function radians(degreesOfArc: number): number {
  return degreesOfArc * DEG_TO_RAD;
}

/** An angle in radians as degrees. */
export function degrees(radiansOfArc: number): number {
  return radiansOfArc * RAD_TO_DEG;
}

/** The value of one bit. */
export function bit(number: number): number {
  return (1 << number) >>> 0;
}

/** One bit; 0 is the lowest. */
export function bitRead(value: number, number: number): 0 | 1 {
  return ((value >>> number) & 1) as 0 | 1;
}

/** `value` with that bit set. On a board it changes the variable. Here write `flags = bitSet(flags, 3)`. */
export function bitSet(value: number, number: number): number {
  return (value | bit(number)) >>> 0;
}

/** `value` with that bit cleared: `flags = bitClear(flags, 3)`. */
export function bitClear(value: number, number: number): number {
  return (value & ~bit(number)) >>> 0;
}

/** `value` with that bit inverted: `flags = bitToggle(flags, 3)`. */
export function bitToggle(value: number, number: number): number {
  return (value ^ bit(number)) >>> 0;
}

/** `value` with that bit set to `bitValue`: `flags = bitWrite(flags, 3, 1)`. */
export function bitWrite(value: number, number: number, bitValue: number | boolean): number {
  return Number(bitValue) === 0 ? bitClear(value, number) : bitSet(value, number);
}

/** Bits 0 to 7. */
export function lowByte(value: number): number {
  return value & 0xff;
}

/** Bits 8 to 15. */
export function highByte(value: number): number {
  return (value >>> 8) & 0xff;
}

/** Two bytes as one number, or the low 16 bits of one. */
export function word(highOrValue: number, low?: number): number {
  return low === undefined ? uint16_t(highOrValue) : (uint8_t(highOrValue) << 8) | uint8_t(low);
}

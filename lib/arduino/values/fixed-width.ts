/**
 * Casts to C's integers: `uint8_t(300)` is 44, as `(uint8_t)300` is on a board. A variable of TypeScript has no width, so
 * a twin casts where the sketch counts on an overflow.
 */
import { codeOf } from "../text/characters.js";

/** What can be cast: numbers, truth values, and a `char` as its byte. */
export type Castable = number | bigint | boolean | string;

export function int8_t(value: Castable): number {
  return signed(8, value);
}

export function uint8_t(value: Castable): number {
  return unsigned(8, value);
}

export function int16_t(value: Castable): number {
  return signed(16, value);
}

export function uint16_t(value: Castable): number {
  return unsigned(16, value);
}

export function int32_t(value: Castable): number {
  return signed(32, value);
}

export function uint32_t(value: Castable): number {
  return unsigned(32, value);
}

/** 64 bits do not fit into a number: it is a `bigint`. */
export function int64_t(value: Castable): bigint {
  return BigInt.asIntN(64, integer(value));
}

/** 64 bits do not fit into a number: it is a `bigint`. */
export function uint64_t(value: Castable): bigint {
  return BigInt.asUintN(64, integer(value));
}

/** 8 bits without a sign. */
export const byte = uint8_t;
/** 32 bits on an ESP32. */
export const int = int32_t;

function signed(bits: number, value: Castable): number {
  return Number(BigInt.asIntN(bits, integer(value)));
}

function unsigned(bits: number, value: Castable): number {
  return Number(BigInt.asUintN(bits, integer(value)));
}

/** Fractions are cut off. What is no number is 0: a board gives anything then. */
function integer(value: Castable): bigint {
  if (typeof value === "string") return BigInt(codeOf(value));
  return BigInt(typeof value === "number" ? finite(Math.trunc(value)) : value);
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

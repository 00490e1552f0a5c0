/**
 * Casts to C's integers: `uint8_t(300)` is 44, as `(uint8_t)300` is on a board. A TypeScript variable has no width, so
 * cast wherever the sketch relies on an overflow.
 */
import { refuseArgument } from "../../core/arguments.js";
import { codeOf } from "../text/characters.js";

/** Values that can be cast: numbers, booleans, and a `char` as its byte. */
export type Castable = number | bigint | boolean | string;

export function int8_t(value: Castable): number {
  return (low32(value) << 24) >> 24;
}

export function uint8_t(value: Castable): number {
  return low32(value) & 0xff;
}

export function int16_t(value: Castable): number {
  return (low32(value) << 16) >> 16;
}

export function uint16_t(value: Castable): number {
  return low32(value) & 0xffff;
}

export function int32_t(value: Castable): number {
  return low32(value);
}

export function uint32_t(value: Castable): number {
  return low32(value) >>> 0;
}

/** A `bigint`, because 64 bits do not fit into a number. */
export function int64_t(value: Castable): bigint {
  return BigInt.asIntN(64, whole(value));
}

/** A `bigint`, because 64 bits do not fit into a number. */
export function uint64_t(value: Castable): bigint {
  return BigInt.asUintN(64, whole(value));
}

/** Unsigned, 8 bits. */
export const byte = uint8_t;
/** 32 bits on an ESP32. */
export const int = int32_t;

/** Fractions are cut off. NaN becomes 0; on a board the result is undefined. */
function low32(value: Castable): number {
  // Exact for every number of any size (ECMAScript's ToInt32), and fast: sketches that poll cast all the time.
  if (typeof value === "number") return value | 0;
  return typeof value === "string" ? codeOf(value) : Number(BigInt.asIntN(32, toBigInt(value)));
}

function whole(value: Castable): bigint {
  if (typeof value === "string") return BigInt(codeOf(value));
  if (typeof value === "number") return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
  return toBigInt(value);
}

function toBigInt(value: bigint | boolean): bigint {
  if (typeof value === "bigint" || typeof value === "boolean") return BigInt(value);
  return refuseArgument("the value", value, "a number, a boolean, a bigint or a char");
}

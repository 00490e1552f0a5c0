/** C's types by name, as bytes in memory: little-endian, and as wide as on an ESP32. */

import { refuseArgument, requireNumber } from "../../core/arguments.js";

/** How a value lies in memory. */
export interface CType<Value> {
  /** Size in bytes. */
  readonly size: number;
  /** Unless packed, its address is a multiple of this. */
  readonly alignment: number;
  read(memory: DataView, offset: number): Value;
  write(memory: DataView, offset: number, value: Value): void;
}

type NumberView = "Int8" | "Uint8" | "Int16" | "Uint16" | "Int32" | "Uint32" | "Float32" | "Float64";

/** Each type by its name. `char` is unsigned; `int`, `long` and `size_t` have 32 bits. */
export const C_TYPES = {
  int8_t: numeric("Int8", 1),
  uint8_t: numeric("Uint8", 1),
  int16_t: numeric("Int16", 2),
  uint16_t: numeric("Uint16", 2),
  int32_t: numeric("Int32", 4),
  uint32_t: numeric("Uint32", 4),
  int64_t: wide("BigInt64"),
  uint64_t: wide("BigUint64"),
  byte: numeric("Uint8", 1),
  char: numeric("Uint8", 1),
  int: numeric("Int32", 4),
  long: numeric("Int32", 4),
  size_t: numeric("Uint32", 4),
  float: numeric("Float32", 4),
  double: numeric("Float64", 8),
  bool: bool(),
} as const satisfies Readonly<Record<string, CType<unknown>>>;

export type CTypeName = keyof typeof C_TYPES;

/** Cuts integers to their width, as an assignment in C does. */
function numeric(view: NumberView, size: number): CType<number> {
  return {
    size,
    alignment: size,
    read: (memory, offset) => memory[`get${view}`](offset, true),
    write: (memory, offset, value) => {
      requireNumber("the value", value);
      memory[`set${view}`](offset, value, true);
    },
  };
}

function wide(view: "BigInt64" | "BigUint64"): CType<bigint> {
  return {
    size: 8,
    alignment: 8,
    read: (memory, offset) => memory[`get${view}`](offset, true),
    write: (memory, offset, value) => {
      if (typeof value !== "bigint") refuseArgument("the value", value, "a bigint, such as 5n");
      memory[`set${view}`](offset, value, true);
    },
  };
}

function bool(): CType<boolean> {
  return {
    size: 1,
    alignment: 1,
    read: (memory, offset) => memory.getUint8(offset) !== 0,
    write: (memory, offset, value) => memory.setUint8(offset, value ? 1 : 0),
  };
}

/**
 * A C struct as bytes, for telemetry that is sent as it lies in memory:
 *
 *     const Telemetry = struct({ node: "uint16_t", celsius: "float", name: "char[8]", levels: "uint16_t[4]" });
 *     usmp.send(Telemetry.pack({ node: 7, celsius: 21.5, name: "roof", levels: [1, 2, 3, 4] }));
 *     const { celsius } = Telemetry.unpack(data);
 */
import { requireBytes, requireFunctions, requireObject } from "../../core/arguments.js";
import { ownMembers } from "../../core/own-members.js";
import { isUsmpError, UsmpError } from "../../errors.js";

import { requireText } from "../text/require-text.js";
import { byteString, bytesOf, charArray, textOf } from "../text/byte-text.js";
import { C_TYPES, type CType, type CTypeName } from "./c-types.js";

/** A C type, an array of one (`"uint16_t[4]"`; `"char[8]"` is text), or another struct. */
export type FieldType = CTypeName | `${CTypeName}[${number}]` | CType<unknown>;

export type Fields = Readonly<Record<string, FieldType>>;

type ScalarOf<Name extends CTypeName> = (typeof C_TYPES)[Name] extends CType<infer Value> ? Value : never;

/** The value of a field of this type: text for `char[n]`, bytes for `uint8_t[n]`, an array for any other array. */
export type FieldValue<Type> =
  Type extends CType<infer Value>
    ? Value
    : Type extends CTypeName
      ? ScalarOf<Type>
      : Type extends `char[${number}]`
        ? string
        : Type extends `${"uint8_t" | "byte"}[${number}]`
          ? Uint8Array
          : Type extends `${infer Name extends CTypeName}[${number}]`
            ? ScalarOf<Name>[]
            : never;

/** The values of a struct, by the names of its fields. */
export type StructValue<F extends Fields> = { -readonly [Name in keyof F]: FieldValue<F[Name]> };

interface StructOptions {
  /**
   * Whether the sketch's struct has `__attribute__((packed))`. If false, each field lies at a multiple of its size,
   * with padding in between. Default true.
   */
  readonly packed?: boolean | undefined;
}

interface Member {
  readonly name: string;
  readonly offset: number;
  readonly type: CType<unknown>;
}

const ARRAY = /^(\w+)\[(\d+)\]$/;

/** How the fields of a struct lie in memory; made by {@link struct}. */
export class Struct<F extends Fields> implements CType<StructValue<F>> {
  /** `sizeof`, in bytes. */
  readonly size: number;
  readonly alignment: number;
  readonly #members: readonly Member[];

  constructor(fields: F, options: StructOptions) {
    requireObject("fields", fields);
    const { packed = true } = ownMembers(options);
    const members: Member[] = [];
    let end = 0;
    let alignment = 1;
    for (const [name, fieldType] of Object.entries(fields)) {
      const type = typeOf(name, fieldType);
      const own = packed ? 1 : type.alignment;
      const offset = Math.ceil(end / own) * own;
      members.push({ name, offset, type });
      end = offset + type.size;
      alignment = Math.max(alignment, own);
    }
    this.#members = members;
    this.alignment = alignment;
    this.size = Math.ceil(end / alignment) * alignment;
  }

  /**
   * The values as `size` fresh bytes. Integers wrap at their width.
   *
   * @throws UsmpError INVALID_ARG if a field is missing, or its value does not fit.
   */
  pack(values: StructValue<F>): Uint8Array {
    requireObject("values", values);
    const bytes = new Uint8Array(this.size);
    this.write(new DataView(bytes.buffer), 0, values);
    return bytes;
  }

  /** The values in `bytes`, copied. @throws UsmpError INVALID_ARG if these are not `size` bytes. */
  unpack(bytes: Uint8Array): StructValue<F> {
    requireBytes("bytes", bytes);
    if (bytes.length !== this.size) {
      throw new UsmpError("INVALID_ARG", `unpack: the struct has ${this.size} bytes, and ${bytes.length} were given`);
    }
    return this.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
  }

  read(memory: DataView, offset: number): StructValue<F> {
    const values = this.#members.map(({ name, type, offset: at }) => [name, type.read(memory, offset + at)]);
    return Object.fromEntries(values) as StructValue<F>;
  }

  write(memory: DataView, offset: number, values: StructValue<F>): void {
    for (const { name, type, offset: at } of this.#members) {
      const value: unknown = values[name];
      if (value === undefined) throw new UsmpError("INVALID_ARG", `pack: the field "${name}" is missing`);
      writeField(name, () => type.write(memory, offset + at, value));
    }
  }
}

/** Adds the field's name to an error. */
function writeField(name: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isUsmpError(error) || error.message.startsWith("pack: ")) throw error;
    throw new UsmpError("INVALID_ARG", `pack: "${name}": ${error.message}`);
  }
}

/** Describes a struct. It is packed by default, because structs that are sent usually are. */
export function struct<const F extends Fields>(fields: F, options: StructOptions = {}): Struct<F> {
  return new Struct(fields, options);
}

/** The type of a name, of an array, or of a struct. */
export function typeOf(name: string, type: FieldType): CType<unknown> {
  if (typeof type !== "string") {
    requireFunctions(`struct: the type of "${name}"`, type, ["read", "write"], "the name of a type of C, or a struct");
    return type;
  }
  if (isName(type)) return C_TYPES[type];
  const [, element = "", digits] = ARRAY.exec(type) ?? [];
  const count = Number(digits);
  if (!isName(element) || count === 0) {
    throw new UsmpError("INVALID_ARG", `struct: "${type}" of "${name}" is no type of C known here`);
  }
  if (element === "char") return charArrayOf(name, count);
  return element === "uint8_t" || element === "byte"
    ? bytesOfLength(name, count)
    : arrayOf(name, C_TYPES[element], count);
}

function isName(type: string): type is CTypeName {
  return Object.hasOwn(C_TYPES, type);
}

/** Text, padded with NULs. A text of the whole length has none. */
function charArrayOf(name: string, count: number): CType<string> {
  return {
    size: count,
    alignment: 1,
    read: (memory, offset) => textOf(charArray(view(memory, offset, count))),
    write: (memory, offset, text) => {
      requireText("the value", text);
      const bytes = bytesOf(byteString(text));
      fits(name, bytes.length, count);
      view(memory, offset, count).fill(0).set(bytes);
    },
  };
}

function bytesOfLength(name: string, count: number): CType<Uint8Array> {
  return {
    size: count,
    alignment: 1,
    read: (memory, offset) => Uint8Array.from(view(memory, offset, count)),
    write: (memory, offset, bytes) => {
      if (!Array.isArray(bytes)) requireBytes("the value", bytes);
      fits(name, bytes.length, count);
      view(memory, offset, count).fill(0).set(bytes);
    },
  };
}

/** Missing elements are 0, as in C. */
function arrayOf(name: string, element: CType<unknown>, count: number): CType<unknown[]> {
  return {
    size: element.size * count,
    alignment: element.alignment,
    read: (memory, offset) =>
      Array.from({ length: count }, (_, index) => element.read(memory, offset + index * element.size)),
    write: (memory, offset, values) => {
      requireFunctions("the value", values, ["forEach"], "an array");
      fits(name, values.length, count);
      view(memory, offset, element.size * count).fill(0);
      values.forEach((value, index) => element.write(memory, offset + index * element.size, value));
    },
  };
}

function fits(name: string, count: number, room: number): void {
  if (count > room) throw new UsmpError("INVALID_ARG", `pack: "${name}" has room for ${room}, and ${count} were given`);
}

function view(memory: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(memory.buffer, memory.byteOffset + offset, length);
}

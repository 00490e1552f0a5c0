import { requireBytes, requireNumber, requireNumeric } from "../../core/arguments.js";
import { UsmpError } from "../../errors.js";
import { currentBoard } from "../board/current-board.js";
import { PerBoot } from "../board/per-boot.js";
import { ArduinoString, type TextLike } from "../text/arduino-string.js";
import { byteString, bytesOf, charArray, textOf } from "../text/byte-text.js";
import { requireText } from "../text/require-text.js";
import { typeOf, type FieldType, type FieldValue } from "../values/struct.js";

/** The value of erased flash. */
const ERASED = 0xff;

/** The copy in RAM. */
interface Memory {
  bytes: Uint8Array<ArrayBuffer>;
  isDirty: boolean;
}

/**
 * Bytes that survive a restart, as on an ESP32. `begin(size)` copies them into RAM, where you read and write them. Only
 * `commit()` (or `end()`) writes them to flash. Changes that are not committed are lost with the life.
 *
 * Before `begin`, and outside the size given to it, `read` returns 0 and `write` does nothing.
 *
 * Every method throws UsmpError INVALID_ARG for an argument of another type than its own.
 */
export class EEPROMClass {
  readonly #name: string;
  readonly #memory = new PerBoot<Memory>(() => ({ bytes: new Uint8Array(), isDirty: false }));

  /** Each `name` has its own bytes. */
  constructor(name = "eeprom") {
    this.#name = name;
  }

  /** Bytes that were never written are 0xff. Bytes beyond `size` are lost for good, as on a board. */
  begin(size: number): boolean {
    requireNumber("size", size);
    if (!(size > 0)) return false;
    const board = currentBoard();
    const kept = board.storage.read(this.#name) ?? new Uint8Array();
    const bytes = new Uint8Array(size).fill(ERASED);
    bytes.set(kept.subarray(0, size));
    if (kept.length !== size) board.storage.write(this.#name, bytes);
    Object.assign(this.#memory.of(board), { bytes, isDirty: false });
    return true;
  }

  /** Commits, and frees the RAM. */
  end(): void {
    this.commit();
    this.#ram.bytes = new Uint8Array();
  }

  /** Writes the RAM to flash. False if `begin` was not called. */
  commit(): boolean {
    const board = currentBoard();
    const memory = this.#memory.of(board);
    if (memory.bytes.length === 0) return false;
    if (memory.isDirty) board.storage.write(this.#name, memory.bytes);
    memory.isDirty = false;
    return true;
  }

  /** The size given to `begin`. */
  length(): number {
    return this.#ram.bytes.length;
  }

  read(address: number): number {
    requireNumber("address", address);
    return this.#ram.bytes[address] ?? 0;
  }

  /** Writes one byte. */
  write(address: number, value: number | boolean): void {
    requireNumber("address", address);
    requireNumeric("value", value);
    const { bytes } = this.#ram;
    // An index outside the array would become a property of it.
    if (address in bytes) this.#put(address, Uint8Array.of(Number(value)));
  }

  /** The same as {@link write}, which never writes an equal value here. */
  update(address: number, value: number | boolean): void {
    this.write(address, value);
  }

  /**
   * Reads a value of a C type or a {@link struct}: `EEPROM.get(0, "uint16_t")`, `EEPROM.get(0, Config)`.
   *
   * @throws UsmpError INVALID_ARG if it is not within the size given to `begin`.
   */
  get<const Type extends FieldType>(address: number, type: Type): FieldValue<Type> {
    const codec = typeOf("EEPROM", type);
    return codec.read(this.#view("get", address, codec.size), 0) as FieldValue<Type>;
  }

  /** Writes a value of a C type or a {@link struct}: `EEPROM.put(0, "uint16_t", 500)`. @throws as {@link get} */
  put<const Type extends FieldType>(address: number, type: Type, value: FieldValue<Type>): void {
    const codec = typeOf("EEPROM", type);
    codec.write(this.#view("put", address, codec.size), 0, value);
    this.#ram.isDirty = true;
  }

  /** Copies `count` bytes into `buffer`, by default its length. Returns 0 if there are fewer. */
  readBytes(address: number, buffer: Uint8Array, count?: number): number {
    requireBytes("buffer", buffer);
    const length = count ?? buffer.length;
    if (!this.#holds(address, length)) return 0;
    buffer.set(this.#ram.bytes.subarray(address, address + length));
    return length;
  }

  /** Writes the first `count` of `bytes`, by default all. Returns 0 if they do not fit. */
  writeBytes(address: number, bytes: Uint8Array, count?: number): number {
    requireBytes("bytes", bytes);
    const length = count ?? bytes.length;
    if (!this.#holds(address, length)) return 0;
    this.#put(address, bytes.subarray(0, length));
    return length;
  }

  /** The text up to its NUL; empty if there is no NUL. */
  readString(address: number): ArduinoString {
    requireNumber("address", address);
    const rest = this.#ram.bytes.subarray(Math.max(address, 0));
    return new ArduinoString(rest.includes(0) ? textOf(charArray(rest)) : "");
  }

  /** Writes the text and a NUL. Returns the length of the text, 0 if it does not fit. */
  writeString(address: number, text: TextLike): number {
    requireText("text", text);
    const bytes = bytesOf(`${byteString(text.toString())}\0`);
    return Math.max(this.writeBytes(address, bytes) - 1, 0);
  }

  get #ram(): Memory {
    return this.#memory.of(currentBoard());
  }

  #holds(address: number, length: number): boolean {
    requireNumber("address", address);
    return address >= 0 && length > 0 && address + length <= this.#ram.bytes.length;
  }

  #put(address: number, bytes: Uint8Array): void {
    const memory = this.#ram;
    const isEqual = bytes.every((byte, index) => memory.bytes[address + index] === byte);
    memory.bytes.set(bytes, address);
    memory.isDirty ||= !isEqual;
  }

  #view(name: string, address: number, size: number): DataView {
    const { bytes } = this.#ram;
    if (this.#holds(address, size)) return new DataView(bytes.buffer, address, size);
    const room = bytes.length === 0 ? "EEPROM.begin(size) is missing" : `EEPROM.begin(${bytes.length}) ends before`;
    throw new UsmpError("INVALID_ARG", `EEPROM.${name}: ${size} bytes at ${address}: ${room}`);
  }
}

/** The board's EEPROM. See {@link EEPROMClass}. */
export const EEPROM = new EEPROMClass();

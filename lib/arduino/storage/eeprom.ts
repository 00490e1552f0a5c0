import { requireBytes, requireNumber, requireNumeric } from "../../core/arguments.js";
import { UsmpError } from "../../errors.js";
import { currentBoard } from "../board/current-board.js";
import { PerBoot } from "../board/per-boot.js";
import { ArduinoString, type TextLike } from "../text/arduino-string.js";
import { byteString, bytesOf, charArray, textOf } from "../text/byte-text.js";
import { requireText } from "../text/require-text.js";
import { typeOf, type FieldType, type FieldValue } from "../values/struct.js";

/** What flash holds where nothing was written. */
const ERASED = 0xff;

/** The copy in RAM. */
interface Memory {
  bytes: Uint8Array<ArrayBuffer>;
  isDirty: boolean;
}

/**
 * Bytes that survive a restart, as on an ESP32: `begin(size)` copies them into RAM, where they are read and written, and
 * only `commit()` (or `end()`) puts them into flash. What was not committed is lost with the life.
 *
 * Outside of the size that `begin` was given, and before it, `read` gives 0 and `write` does nothing.
 *
 * Every method throws UsmpError INVALID_ARG for an argument of another type than its own.
 */
export class EEPROMClass {
  readonly #name: string;
  readonly #memory = new PerBoot<Memory>(() => ({ bytes: new Uint8Array(), isDirty: false }));

  /** `name`: bytes of another name are apart from these. */
  constructor(name = "eeprom") {
    this.#name = name;
  }

  /** Bytes beyond what was kept are 0xff; what is beyond `size` is cut off for good, as on a board. */
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

  /** Commits, and gives the RAM back. */
  end(): void {
    this.commit();
    this.#ram.bytes = new Uint8Array();
  }

  /** Puts what was written into flash. False where `begin` is missing. */
  commit(): boolean {
    const board = currentBoard();
    const memory = this.#memory.of(board);
    if (memory.bytes.length === 0) return false;
    if (memory.isDirty) board.storage.write(this.#name, memory.bytes);
    memory.isDirty = false;
    return true;
  }

  /** The size that `begin` was given. */
  length(): number {
    return this.#ram.bytes.length;
  }

  read(address: number): number {
    requireNumber("address", address);
    return this.#ram.bytes[address] ?? 0;
  }

  /** One byte. */
  write(address: number, value: number | boolean): void {
    requireNumber("address", address);
    requireNumeric("value", value);
    const { bytes } = this.#ram;
    // An index outside of them would become a property of the array.
    if (address in bytes) this.#put(address, Uint8Array.of(Number(value)));
  }

  /** The same as {@link write}: what is equal is never written here. */
  update(address: number, value: number | boolean): void {
    this.write(address, value);
  }

  /**
   * A value of a type of C, or of a {@link struct}: `EEPROM.get(0, "uint16_t")`, `EEPROM.get(0, Config)`.
   *
   * @throws UsmpError INVALID_ARG where it is not inside of the size that `begin` was given.
   */
  get<const Type extends FieldType>(address: number, type: Type): FieldValue<Type> {
    const codec = typeOf("EEPROM", type);
    return codec.read(this.#view("get", address, codec.size), 0) as FieldValue<Type>;
  }

  /** Writes a value of a type of C, or of a {@link struct}: `EEPROM.put(0, "uint16_t", 500)`. @throws as {@link get} */
  put<const Type extends FieldType>(address: number, type: Type, value: FieldValue<Type>): void {
    const codec = typeOf("EEPROM", type);
    codec.write(this.#view("put", address, codec.size), 0, value);
    this.#ram.isDirty = true;
  }

  /** Copies `count` bytes into `buffer`, by default as many as it holds; 0 if so many are not there. */
  readBytes(address: number, buffer: Uint8Array, count?: number): number {
    requireBytes("buffer", buffer);
    const length = count ?? buffer.length;
    if (!this.#holds(address, length)) return 0;
    buffer.set(this.#ram.bytes.subarray(address, address + length));
    return length;
  }

  /** Writes the first `count` of `bytes`, by default all; 0 if they do not fit. */
  writeBytes(address: number, bytes: Uint8Array, count?: number): number {
    requireBytes("bytes", bytes);
    const length = count ?? bytes.length;
    if (!this.#holds(address, length)) return 0;
    this.#put(address, bytes.subarray(0, length));
    return length;
  }

  /** The text up to its NUL; empty where none follows. */
  readString(address: number): ArduinoString {
    requireNumber("address", address);
    const rest = this.#ram.bytes.subarray(Math.max(address, 0));
    return new ArduinoString(rest.includes(0) ? textOf(charArray(rest)) : "");
  }

  /** The text and a NUL. Returns the length of the text, 0 where it does not fit. */
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

/** The board's EEPROM; see {@link EEPROMClass}. */
export const EEPROM = new EEPROMClass();

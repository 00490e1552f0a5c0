import type { Board } from "../board/board.js";
import { currentBoard } from "../board/current-board.js";
import { PerBoot } from "../board/per-boot.js";
import { ArduinoString, type TextLike } from "../text/arduino-string.js";
import { byteString, textOf } from "../text/byte-text.js";
import type { Char } from "../text/characters.js";
import { Print } from "../text/print.js";
import { OpenPort, type PortSettings } from "./open-port.js";
import {
  find,
  readBytes,
  readBytesUntil,
  readFloat,
  readInteger,
  readText,
  type TimedSource,
} from "./timed-reading.js";

/** Eight bits, no parity, one stop bit. */
export const SERIAL_8N1 = 0x8000_01c;

/** What an ESP32 takes without waiting: here nothing ever waits. */
const TRANSMIT_BUFFER_BYTES = 128;

const DEFAULT_TIMEOUT_MS = 1_000;

interface PortState extends PortSettings {
  /** From `begin` to `end`, or to the end of the life. */
  open: OpenPort | null;
  baud: number;
}

/**
 * A serial port: `Serial`, `Serial1`. As on a board, with two differences. What waits for bytes has to be awaited:
 * `readBytes`, `readString`, `parseInt` and their like. And what is done before `begin`, which on a board has no effect, is
 * an error.
 *
 * On a PC `Serial` is the terminal, which is read once the sketch reads; lines come as the terminal sends them. Unread bytes
 * wait in a buffer of 256: on a PC whoever sends has to wait then, on a virtual board further bytes are lost.
 */
export class HardwareSerial extends Print {
  readonly #name: string;
  readonly #index: 0 | 1;
  readonly #state = new PerBoot<PortState>(
    () => ({ open: null, baud: 0, timeoutMs: DEFAULT_TIMEOUT_MS }),
    (state) => state.open?.close(),
  );

  constructor(name: string, index: 0 | 1) {
    super();
    this.#name = name;
    this.#index = index;
  }

  /** Opens the port. Speed, format and pins have no effect here. */
  begin(baud = 115_200, _format = SERIAL_8N1, _rxPin = -1, _txPin = -1): void {
    const board = currentBoard();
    const state = this.#state.of(board);
    state.open?.close();
    state.open = new OpenPort(board, board.serialPorts[this.#index], state);
    state.baud = baud;
  }

  end(): void {
    const state = this.#state.of(currentBoard());
    state.open?.close();
    state.open = null;
    state.baud = 0;
  }

  /** What `begin` was given; 0 before it. */
  baudRate(): number {
    return this.#state.of(currentBoard()).baud;
  }

  /** How many unread bytes are kept; 256 unless told otherwise. */
  setRxBufferSize(size: number): number {
    currentBoard().serialPorts[this.#index].resizeReceiveBuffer(size);
    return size;
  }

  availableForWrite(): number {
    return TRANSMIT_BUFFER_BYTES;
  }

  /** Waits on a board until all is sent. Here it is on its way already. */
  flush(): void {
    this.#open();
  }

  /** How many bytes can be read without waiting. */
  available(): number {
    return this.#look().available;
  }

  /** The next byte, -1 where there is none. */
  read(): number {
    return this.#look().read();
  }

  /** The next byte, which stays; -1 where there is none. */
  peek(): number {
    return this.#look().peek();
  }

  /** How long a read waits for the next byte. Default 1,000. */
  setTimeout(timeoutMs: number): void {
    this.#state.of(currentBoard()).timeoutMs = timeoutMs;
  }

  getTimeout(): number {
    return this.#state.of(currentBoard()).timeoutMs;
  }

  /** Fills `buffer` up to `length`; returns how many bytes came in time. */
  readBytes(buffer: Uint8Array, length = buffer.length): Promise<number> {
    return this.#wait("readBytes", (port) => readBytes(port, buffer, length));
  }

  /** The same, up to `terminator`, which is taken and left out. */
  readBytesUntil(terminator: Char, buffer: Uint8Array, length = buffer.length): Promise<number> {
    return this.#wait("readBytesUntil", (port) => readBytesUntil(port, terminator, buffer, length));
  }

  /** Everything that comes, until nothing came for the time limit. */
  readString(): Promise<ArduinoString> {
    return this.#wait("readString", async (port) => new ArduinoString(textOf(await readText(port, null))));
  }

  /** Everything up to `terminator`, which is taken and left out, or until nothing came for the time limit. */
  readStringUntil(terminator: Char): Promise<ArduinoString> {
    return this.#wait("readStringUntil", async (port) => new ArduinoString(textOf(await readText(port, terminator))));
  }

  /** The next integer, of 32 bits; what stands before it is skipped. 0 where none came in time. */
  parseInt(ignore?: Char): Promise<number> {
    return this.#wait("parseInt", (port) => readInteger(port, ignore));
  }

  /** The next decimal number; what stands before it is skipped. 0 where none came in time. */
  parseFloat(ignore?: Char): Promise<number> {
    return this.#wait("parseFloat", (port) => readFloat(port, ignore));
  }

  /** Takes bytes up to and with `target`; false where it did not come in time. */
  find(target: TextLike): Promise<boolean> {
    return this.#wait("find", (port) => find(port, byteString(target.toString())));
  }

  /** The same; false also where `terminator` came before it. */
  findUntil(target: TextLike, terminator: TextLike): Promise<boolean> {
    const sought = byteString(target.toString());
    return this.#wait("findUntil", (port) => find(port, sought, byteString(terminator.toString())));
  }

  /** Calls `callback` whenever bytes have come, also between two turns of `loop`; null: not any more. */
  onReceive(callback: (() => void) | null): void {
    this.#open().onReceive(callback, `${this.#name}.onReceive callback`);
  }

  protected override writeBytes(bytes: Uint8Array): number {
    this.#open().write(bytes);
    return bytes.length;
  }

  #wait<T>(method: string, read: (port: TimedSource) => Promise<T>): Promise<T> {
    const board = currentBoard();
    return board.waitFor(read(this.#open(board)), `${this.#name}.${method}()`);
  }

  /** Opened, for who looks whether something has come. */
  #look(): OpenPort {
    const board = currentBoard();
    board.polled();
    return this.#open(board);
  }

  #open(board: Board = currentBoard()): OpenPort {
    const { open } = this.#state.of(board);
    if (open !== null) return open;
    throw new Error(`${this.#name}.begin(115200) is missing: on a board ${this.#name} does nothing before it`);
  }
}

/** The terminal; on a virtual board `board.serial`. */
export const Serial = new HardwareSerial("Serial", 0);
/** The second port: wired to nothing on a PC, unless `runSketch` is told so; on a virtual board `board.serial1`. */
export const Serial1 = new HardwareSerial("Serial1", 1);

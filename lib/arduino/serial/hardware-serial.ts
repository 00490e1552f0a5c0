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

/** What an ESP32 buffers. Here a write never waits. */
const TRANSMIT_BUFFER_BYTES = 128;

const DEFAULT_TIMEOUT_MS = 1_000;

interface PortState extends PortSettings {
  /** The port from `begin` to `end`, or to the end of the life. */
  open: OpenPort | null;
  baud: number;
}

/**
 * A serial port: `Serial`, `Serial1`. It works as on a board, with two differences. Await every method that waits for
 * bytes, such as `readBytes`, `readString` and `parseInt`. And a call before `begin`, which on a board has no effect,
 * is an error.
 *
 * On a PC `Serial` is the terminal. The library reads it from the sketch's first read on, and gets whole lines. Unread
 * bytes wait in a buffer of 256 bytes. If it is full, the sender has to wait on a PC; on a virtual board further bytes
 * are lost.
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

  /** The baud rate given to `begin`; 0 before. */
  baudRate(): number {
    return this.#state.of(currentBoard()).baud;
  }

  /** Sets how many unread bytes are kept. Default 256. */
  setRxBufferSize(size: number): number {
    currentBoard().serialPorts[this.#index].resizeReceiveBuffer(size);
    return size;
  }

  availableForWrite(): number {
    return TRANSMIT_BUFFER_BYTES;
  }

  /** On a board this waits until all bytes are sent. Here they have left already. */
  flush(): void {
    this.#open();
  }

  /** How many bytes can be read without waiting. */
  available(): number {
    return this.#look().available;
  }

  /** The next byte; -1 if there is none. */
  read(): number {
    return this.#look().read();
  }

  /** The next byte, without taking it; -1 if there is none. */
  peek(): number {
    return this.#look().peek();
  }

  /** Sets how long a read waits for the next byte, in milliseconds. Default 1,000. */
  setTimeout(timeoutMs: number): void {
    this.#state.of(currentBoard()).timeoutMs = timeoutMs;
  }

  getTimeout(): number {
    return this.#state.of(currentBoard()).timeoutMs;
  }

  /** Reads up to `length` bytes into `buffer`. Returns how many arrived in time. */
  readBytes(buffer: Uint8Array, length = buffer.length): Promise<number> {
    return this.#wait("readBytes", (port) => readBytes(port, buffer, length));
  }

  /** As `readBytes`, up to `terminator`, which is taken and left out. */
  readBytesUntil(terminator: Char, buffer: Uint8Array, length = buffer.length): Promise<number> {
    return this.#wait("readBytesUntil", (port) => readBytesUntil(port, terminator, buffer, length));
  }

  /** Reads until nothing has arrived for the timeout. */
  readString(): Promise<ArduinoString> {
    return this.#wait("readString", async (port) => new ArduinoString(textOf(await readText(port, null))));
  }

  /** Reads up to `terminator`, which is taken and left out, or until nothing has arrived for the timeout. */
  readStringUntil(terminator: Char): Promise<ArduinoString> {
    return this.#wait("readStringUntil", async (port) => new ArduinoString(textOf(await readText(port, terminator))));
  }

  /** The next integer, of 32 bits. Skips the text before it. 0 if none arrives in time. */
  parseInt(ignore?: Char): Promise<number> {
    return this.#wait("parseInt", (port) => readInteger(port, ignore));
  }

  /** The next decimal number. Skips the text before it. 0 if none arrives in time. */
  parseFloat(ignore?: Char): Promise<number> {
    return this.#wait("parseFloat", (port) => readFloat(port, ignore));
  }

  /** Takes bytes up to and including `target`. False if it does not arrive in time. */
  find(target: TextLike): Promise<boolean> {
    return this.#wait("find", (port) => find(port, byteString(target.toString())));
  }

  /** As `find`, but also false if `terminator` arrives first. */
  findUntil(target: TextLike, terminator: TextLike): Promise<boolean> {
    const sought = byteString(target.toString());
    return this.#wait("findUntil", (port) => find(port, sought, byteString(terminator.toString())));
  }

  /** Calls `callback` whenever bytes arrive, even between two turns of `loop`. null removes the callback. */
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

  /** The open port, for a call that checks for bytes. */
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
/**
 * The second port: on a PC the option `serial1` of `runSketch`, by default nothing; on a virtual board `board.serial1`.
 */
export const Serial1 = new HardwareSerial("Serial1", 1);

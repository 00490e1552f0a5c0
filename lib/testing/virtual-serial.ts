import { refuseArgument } from "../core/arguments.js";
import { isBytes } from "../core/kinds.js";
import { ReceivedBytes } from "../arduino/board/received-bytes.js";
import type { SerialPort } from "../arduino/board/serial-port.js";
import { byteStringOf, bytesOf, textOf } from "../arduino/text/byte-text.js";

/** A line that a sketch has printed. */
interface PrintedLine {
  /** When it was finished, in milliseconds since the board was made. */
  readonly atMs: number;
  readonly text: string;
}

/** A serial port in memory: the sketch's output, and a keyboard. */
export class VirtualSerial implements SerialPort {
  readonly #now: () => number;
  readonly #received = new ReceivedBytes();
  /** A byte string. */
  #sent = "";
  readonly #lineTimes: number[] = [];
  #lost = 0;
  #closed = false;

  /** `now`: milliseconds since the board was made. */
  constructor(now: () => number) {
    this.#now = now;
  }

  write(bytes: Uint8Array): void {
    if (this.#closed) throw new Error("the stream is closed that the serial port writes to");
    const sent = byteStringOf(bytes);
    this.#sent += sent;
    for (let end = sent.indexOf("\n"); end >= 0; end = sent.indexOf("\n", end + 1)) this.#lineTimes.push(this.#now());
  }

  get available(): number {
    return this.#received.available;
  }

  read(): number {
    return this.#received.read();
  }

  peek(): number {
    return this.#received.peek();
  }

  onArrival(callback: () => void): () => void {
    return this.#received.onArrival(callback);
  }

  resizeReceiveBuffer(size: number): void {
    this.#received.resize(size);
  }

  release(): void {
    // Nothing to release: a test that types does not wait for the board.
  }

  /** Every byte that the sketch sent. */
  get bytes(): Uint8Array {
    return bytesOf(this.#sent);
  }

  /** Everything that the sketch printed. */
  get text(): string {
    return textOf(this.#sent);
  }

  /** The complete lines that the sketch has printed, without their line endings. */
  lines(): string[] {
    return this.text.split(/\r?\n/).slice(0, -1);
  }

  /** The complete lines that the sketch has printed, with the time of each. */
  timedLines(): PrintedLine[] {
    return this.lines().map((text, index) => ({ text, atMs: this.#lineTimes[index]! }));
  }

  /** Forgets what the sketch has printed so far. */
  clear(): void {
    this.#sent = "";
    this.#lineTimes.length = 0;
  }

  /**
   * Types on the keyboard, or, with bytes, sends them to the board, all at once. As on a wire, the sender does not wait
   * for the board: bytes that do not fit into its receive buffer, 256 bytes, are lost, and count in {@link lost}.
   */
  type(input: string | Uint8Array): void {
    if (typeof input !== "string" && !isBytes(input)) refuseArgument("input", input, "a string or a Uint8Array");
    const bytes = typeof input === "string" ? Buffer.from(input) : input;
    this.#lost += bytes.length - this.#received.add(bytes);
  }

  /** How many bytes were lost because the receive buffer was full. */
  get lost(): number {
    return this.#lost;
  }

  /** Makes everything that the sketch prints from now on fail, as on a terminal that was closed. */
  close(): void {
    this.#closed = true;
  }
}

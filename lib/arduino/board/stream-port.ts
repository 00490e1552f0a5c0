import type { Readable, Writable } from "node:stream";

import { causeText } from "../../errors.js";
import { ReceivedBytes } from "./received-bytes.js";
import type { SerialPort } from "./serial-port.js";

/** What a serial port is wired to. A line that is left out leads nowhere. */
export interface SerialStreams {
  readonly input?: Readable | undefined;
  readonly output?: Writable | undefined;
}

/**
 * A serial port on Node's streams: the terminal. Unlike a wire a stream can wait, so bytes are never lost: while the receive
 * buffer is full it is paused.
 */
export class StreamPort implements SerialPort {
  readonly #streams: SerialStreams;
  readonly #received = new ReceivedBytes();
  /** What came and did not fit into the receive buffer. */
  #held: Uint8Array = new Uint8Array();
  #isListening = false;
  #isWatched = false;
  #failure: Error | null = null;

  /** Neither stream is touched (its getter not called) before the sketch reads, or writes. */
  constructor(streams: SerialStreams) {
    this.#streams = streams;
  }

  write(bytes: Uint8Array): void {
    const { output } = this.#streams;
    if (output === undefined) return;
    if (!this.#isWatched) {
      this.#isWatched = true;
      // For good: the error of the last write may come when the sketch is over.
      output.on("error", this.#fail);
    }
    this.#check();
    if (output.destroyed || output.writableEnded)
      throw new Error("the stream is closed that the serial port writes to");
    output.write(Buffer.from(bytes));
  }

  get available(): number {
    this.#listen();
    return this.#received.available;
  }

  read(): number {
    this.#listen();
    const byte = this.#received.read();
    if (this.#received.available === 0) this.#refill();
    return byte;
  }

  peek(): number {
    this.#listen();
    return this.#received.peek();
  }

  onArrival(callback: () => void): () => void {
    this.#listen();
    return this.#received.onArrival(callback);
  }

  resizeReceiveBuffer(size: number): void {
    this.#received.resize(size);
  }

  release(): void {
    if (!this.#isListening) return;
    this.#isListening = false;
    this.#streams.input?.off("data", this.#onData).off("error", this.#fail).pause();
  }

  /** Only a sketch that reads takes the terminal's input: one that only prints can end by itself. */
  #listen(): void {
    this.#check();
    if (this.#isListening) return;
    this.#isListening = true;
    this.#streams.input?.on("data", this.#onData).on("error", this.#fail);
  }

  readonly #onData = (chunk: Uint8Array | string): void => {
    this.#receive(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  };

  #receive(bytes: Uint8Array): void {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = all.subarray(this.#received.add(all));
    if (this.#held.length > 0) this.#streams.input?.pause();
  }

  /** The receive buffer is empty: gives it what was held back, and lets the stream go on after that. */
  #refill(): void {
    if (this.#held.length === 0) return;
    this.#receive(new Uint8Array());
    if (this.#held.length === 0 && this.#isListening) this.#streams.input?.resume();
  }

  readonly #fail = (error: Error): void => {
    this.#failure ??= error;
  };

  #check(): void {
    if (this.#failure === null) return;
    throw new Error(`the serial port's stream has failed: ${causeText(this.#failure)}`, { cause: this.#failure });
  }
}

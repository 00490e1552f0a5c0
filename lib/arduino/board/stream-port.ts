import type { Readable, Writable } from "node:stream";

import { causeText } from "../../errors.js";
import { ReceivedBytes } from "./received-bytes.js";
import type { SerialPort } from "./serial-port.js";

/** The streams of a serial port. A missing one is not connected. */
export interface SerialStreams {
  readonly input?: Readable | undefined;
  readonly output?: Writable | undefined;
}

/**
 * A serial port on Node's streams, such as the terminal. A stream can wait, unlike a wire, so no bytes are lost: while
 * the receive buffer is full, the stream is paused.
 */
export class StreamPort implements SerialPort {
  readonly #streams: SerialStreams;
  readonly #received = new ReceivedBytes();
  /** Bytes that arrived and did not fit into the receive buffer. */
  #held: Uint8Array = new Uint8Array();
  #isListening = false;
  #isWatched = false;
  #failure: Error | null = null;

  /** Uses neither stream, and does not call its getter, before the sketch reads or writes. */
  constructor(streams: SerialStreams) {
    this.#streams = streams;
  }

  write(bytes: Uint8Array): void {
    const { output } = this.#streams;
    if (output === undefined) return;
    if (!this.#isWatched) {
      this.#isWatched = true;
      // Never removed: the error of the last write may arrive after the sketch has ended.
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

  /** Listens only once the sketch reads, so that a program that only prints can end by itself. */
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

  /** The receive buffer is empty: moves the held bytes into it, and then resumes the stream. */
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

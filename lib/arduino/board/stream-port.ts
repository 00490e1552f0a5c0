import type { Readable, Writable } from "node:stream";

import { ReceivedBytes } from "./received-bytes.js";
import type { SerialPort } from "./serial-port.js";

/** A serial port on Node's streams: the terminal. Null: nothing is wired to that line. */
export class StreamPort implements SerialPort {
  readonly #input: Readable | null;
  readonly #output: Writable | null;
  readonly #received = new ReceivedBytes();
  #listening = false;

  constructor(input: Readable | null, output: Writable | null) {
    this.#input = input;
    this.#output = output;
  }

  write(bytes: Uint8Array): void {
    if (this.#output === null) return;
    if (this.#output.destroyed || this.#output.writableEnded) throw new Error("the serial port's stream is closed");
    this.#output.write(bytes.slice());
  }

  get available(): number {
    this.#listen();
    return this.#received.available;
  }

  read(): number {
    this.#listen();
    return this.#received.read();
  }

  peek(): number {
    this.#listen();
    return this.#received.peek();
  }

  arrival(): Promise<void> {
    this.#listen();
    return this.#received.arrival();
  }

  /** Only a sketch that reads takes the terminal's input. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#input?.on("data", (chunk: Uint8Array) => this.#received.add(chunk));
  }
}

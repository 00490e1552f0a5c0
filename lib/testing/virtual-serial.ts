import { ReceivedBytes } from "../arduino/board/received-bytes.js";
import type { SerialPort } from "../arduino/board/serial-port.js";

/** A serial port in memory: what the sketch printed, and a keyboard. */
export class VirtualSerial implements SerialPort {
  readonly #received = new ReceivedBytes();
  readonly #sent: Uint8Array[] = [];
  #closed = false;

  write(bytes: Uint8Array): void {
    if (this.#closed) throw new Error("the serial port's stream is closed");
    this.#sent.push(bytes.slice());
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

  arrival(): Promise<void> {
    return this.#received.arrival();
  }

  /** Every byte that the sketch sent. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.#sent);
  }

  /** Everything that the sketch printed. */
  get text(): string {
    return Buffer.concat(this.#sent).toString();
  }

  /** The lines that the sketch has finished, without their ends. */
  lines(): string[] {
    return this.text.split(/\r?\n/).slice(0, -1);
  }

  /** Types on the keyboard, or, with bytes, sends them to the board. */
  type(input: string | Uint8Array): void {
    this.#received.add(typeof input === "string" ? Buffer.from(input) : input.slice());
  }

  /** From now on whatever the sketch prints fails, as on a terminal that was closed. */
  close(): void {
    this.#closed = true;
  }
}

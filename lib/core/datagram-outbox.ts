import type { FrameSink, Room } from "./outbox.js";

/** Datagrams waiting for the transport, each with one frame built in place, or given as it is. */
export class DatagramOutbox implements FrameSink {
  #waiting: Uint8Array[] = [];
  #frames = 0;
  #length = 0;

  /** How many frames ever left, those that were sent again included. */
  get frames(): number {
    return this.#frames;
  }

  /** Bytes waiting. */
  get length(): number {
    return this.#length;
  }

  /** Room for the one frame of the next datagram. */
  reserve(length: number): Room {
    const bytes = new Uint8Array(length);
    this.pushFrame(bytes);
    return { bytes, offset: 0 };
  }

  /** A frame that was built before (kept). */
  pushFrame(bytes: Uint8Array): void {
    this.#frames++;
    this.push(bytes);
  }

  /** Anything else (kept). */
  push(bytes: Uint8Array): void {
    this.#length += bytes.length;
    this.#waiting.push(bytes);
  }

  /** The datagram that was added last. */
  get last(): Uint8Array {
    return this.#waiting[this.#waiting.length - 1] as Uint8Array;
  }

  /** Everything that waits, in order. */
  take(): Uint8Array[] {
    const taken = this.#waiting;
    if (taken.length > 0) this.#waiting = [];
    this.#length = 0;
    return taken;
  }
}

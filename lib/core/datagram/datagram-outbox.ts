import { RepeatAllowance, type Copied } from "./repeat-allowance.js";

/** Datagrams that wait for the transport, each a frame or a UTACK. */
export class DatagramOutbox {
  readonly #repeats = new RepeatAllowance();
  #waiting: Uint8Array[] = [];
  #frames = 0;
  #length = 0;

  /** How many frames were queued so far, retransmissions included. */
  get frames(): number {
    return this.#frames;
  }

  /** Bytes waiting. */
  get length(): number {
    return this.#length;
  }

  /** Queues a frame (kept). */
  pushFrame(bytes: Uint8Array): void {
    this.#frames++;
    this.push(bytes);
  }

  /** Queues a UTACK (kept). */
  push(bytes: Uint8Array): void {
    this.#length += bytes.length;
    this.#waiting.push(bytes);
  }

  /** Whether a copy may be answered at `now`. Call `takeRepeat` before you answer it. */
  allowsRepeat(copied: Copied, now: number): boolean {
    return this.#repeats.allows(copied, now);
  }

  /** Takes one of the answers that copies may get. False if none is left: drop the copy. */
  takeRepeat(copied: Copied, now: number): boolean {
    return this.#repeats.take(copied, now);
  }

  /** Takes everything that waits, in order. */
  take(): Uint8Array[] {
    const taken = this.#waiting;
    if (taken.length > 0) this.#waiting = [];
    this.#length = 0;
    return taken;
  }
}

import { RepeatAllowance, type Copied } from "./repeat-allowance.js";

/** Datagrams waiting for the transport, each a frame or a UTACK. */
export class DatagramOutbox {
  readonly #repeats = new RepeatAllowance();
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

  /** Whether a copy may be answered again now; `takeRepeat` before it is. */
  allowsRepeat(copied: Copied, now: number): boolean {
    return this.#repeats.allows(copied, now);
  }

  /** Whether a copy is answered again now, which counts. */
  takeRepeat(copied: Copied, now: number): boolean {
    return this.#repeats.take(copied, now);
  }

  /** Everything that waits, in order. */
  take(): Uint8Array[] {
    const taken = this.#waiting;
    if (taken.length > 0) this.#waiting = [];
    this.#length = 0;
    return taken;
  }
}

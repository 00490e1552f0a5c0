import type { Clock } from "../core/clock.js";
import { UsmpError } from "../errors.js";
import type { Link } from "../transport/transport.js";

interface LinkWriterOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** A peer that takes none of the waiting bytes for this many milliseconds is slow; 0 or absent: no peer is. */
  readonly slowTimeoutMs?: number;
}

/** Counts the bytes that a link got and those that it has passed on, and measures how long it has passed on none. */
export class LinkWriter {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #slowTimeoutMs: number;
  readonly #onFlushed: () => void;
  #written = 0;
  #flushed = 0;
  #slowAt = Infinity;

  constructor({ link, clock, slowTimeoutMs = 0 }: LinkWriterOptions, onFlushed: () => void) {
    this.#link = link;
    this.#clock = clock;
    this.#slowTimeoutMs = slowTimeoutMs;
    this.#onFlushed = onFlushed;
  }

  /** Bytes written to the link; `flushed` counts those of them that the link has passed on. */
  get written(): number {
    return this.#written;
  }

  get flushed(): number {
    return this.#flushed;
  }

  /** When the peer becomes slow, unless the link passes bytes on before; `Infinity` if none wait. */
  get slowAt(): number {
    return this.#slowAt;
  }

  /** Passes `bytes` to the link, which keeps them. */
  write(bytes: Uint8Array): void {
    this.#written += bytes.length;
    if (this.#slowAt === Infinity) this.#wait();
    this.#link.send(bytes, () => {
      this.#flushed += bytes.length;
      if (this.#flushed === this.#written) this.#slowAt = Infinity;
      else this.#wait();
      this.#onFlushed();
    });
  }

  tooSlow(): UsmpError {
    const waiting = this.#written - this.#flushed;
    const message = `the peer took nothing of ${waiting} bytes for ${this.#slowTimeoutMs} ms: it hangs, or its network is gone`;
    return new UsmpError("SLOW", message);
  }

  #wait(): void {
    if (this.#slowTimeoutMs > 0) this.#slowAt = this.#clock.now() + this.#slowTimeoutMs;
  }
}

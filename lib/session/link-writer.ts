import type { Clock } from "../core/clock.js";
import { UsmpError } from "../errors.js";
import type { Link } from "../transport/transport.js";

interface LinkWriterOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** A peer that takes nothing of what waits for it for this long is slow; 0, or absent: none is. */
  readonly slowTimeoutMs?: number;
}

/** Counts what a link was given and has passed on, and how long it has passed on nothing. */
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

  /** Bytes handed to the link, and of those, bytes that it has passed on. */
  get written(): number {
    return this.#written;
  }

  get flushed(): number {
    return this.#flushed;
  }

  /** When the peer is slow, unless something is passed on before; `Infinity` where nothing waits. */
  get slowAt(): number {
    return this.#slowAt;
  }

  /** Hands `bytes` to the link (kept). */
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

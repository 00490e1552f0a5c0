import { once } from "node:events";
import type { Writable } from "node:stream";

/** A stream for text whose reader may be slow, or leave. */
export class Output {
  readonly #stream: Writable;
  readonly #broken = new AbortController();
  #draining: Promise<unknown> | null = null;

  constructor(stream: Writable) {
    this.#stream = stream;
    // For good: what was written last may fail when its writer is long done.
    stream.on("error", () => this.#broken.abort());
  }

  /** Aborts when nobody reads any more. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Writes a line; resolves when there is room for more. Never rejects. */
  line(line: string): Promise<void> {
    return this.text(`${line}\n`);
  }

  /** As {@link line}, without the newline. */
  async text(text: string): Promise<void> {
    if (this.#broken.signal.aborted) return;
    // One wait for all writers: a gateway has as many as it has sessions.
    if (!this.#stream.write(text)) this.#draining ??= this.#drain();
    await this.drained();
  }

  /** Resolves when there is room, or nobody reads any more. */
  async drained(): Promise<void> {
    await this.#draining;
  }

  /** Whether writing now would only pile up. */
  get isFull(): boolean {
    return this.#draining !== null;
  }

  async #drain(): Promise<void> {
    // It rejects when the stream breaks, which is told by `broken`.
    await once(this.#stream, "drain", { signal: this.broken }).catch(() => {});
    this.#draining = null;
  }
}

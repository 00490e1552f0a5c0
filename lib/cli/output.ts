import { once } from "node:events";
import type { Writable } from "node:stream";
import { codeOf } from "./system-error.js";

/** Errors that mean that the reader has left, as in `usmp serve | head -1`. After any other error, output was lost. */
const READER_LEFT: readonly string[] = ["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED"];

/** A stream of text whose reader may be slow, or leave. */
export class Output {
  readonly #stream: Writable;
  readonly #broken = new AbortController();
  readonly #whenBroken = once(this.#broken.signal, "abort");
  #failure: Error | null = null;
  #draining: Promise<unknown> | null = null;
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(stream: Writable) {
    this.#stream = stream;
    // Never removed, because the last write may fail long after `line` has resolved.
    stream.on("error", (error) => this.#break(error));
    stream.on("close", () => this.#broken.abort());
  }

  /** Aborts when nothing more can be written. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Why output was lost, such as a full disk; null if none was lost, or if the reader left. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Writes a line; resolves when there is room for more. Never rejects. */
  line(line: string): Promise<void> {
    return this.text(`${line}\n`);
  }

  /** As {@link line}, without the newline. */
  async text(text: string): Promise<void> {
    if (this.#broken.signal.aborted) return;
    let written = (): void => {};
    this.#lastWrite = new Promise<void>((resolve) => (written = resolve));
    const hasRoom = this.#stream.write(text, (error) => {
      if (error) this.#break(error);
      written();
    });
    // One listener for all writers, because a gateway has one writer for each session.
    if (!hasRoom) this.#draining ??= this.#drain();
    await this.drained();
  }

  /** Resolves when there is room, or nothing more can be written. */
  async drained(): Promise<void> {
    await this.#draining;
  }

  /** Resolves when the system has taken everything, or nothing more can be written. */
  async flushed(): Promise<void> {
    await Promise.race([this.#lastWrite, this.#whenBroken]);
  }

  /** Whether the stream's buffer is full. */
  get isFull(): boolean {
    return this.#draining !== null;
  }

  #break(error: Error): void {
    if (!READER_LEFT.includes(codeOf(error))) this.#failure ??= error;
    this.#broken.abort();
  }

  async #drain(): Promise<void> {
    // It rejects when the stream breaks, which `broken` reports.
    await once(this.#stream, "drain", { signal: this.broken }).catch(() => {});
    this.#draining = null;
  }
}

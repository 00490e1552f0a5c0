import type { UsmpError } from "../../errors.js";
import type { Link, LinkHandlers } from "../../transport/transport.js";

/** Attaches to a link and records the calls of its handlers. */
export class LinkRecorder implements LinkHandlers {
  readonly link: Link;
  /** `"bytes"` (once for a run of them), `"end"` and `"close"`, in order of arrival. */
  readonly events: string[] = [];
  readonly chunkLengths: number[] = [];
  byteCount = 0;
  closeError: UsmpError | undefined;
  /** Called synchronously for each chunk, after it was recorded. */
  onChunk: (chunk: Uint8Array) => void = () => {};
  readonly #chunks: Uint8Array[] = [];
  readonly #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  constructor(link: Link) {
    this.link = link;
    link.attach(this);
  }

  onBytes(chunk: Uint8Array): void {
    if (this.events.at(-1) !== "bytes") this.events.push("bytes");
    this.#chunks.push(chunk.slice());
    this.chunkLengths.push(chunk.length);
    this.byteCount += chunk.length;
    this.onChunk(chunk);
    this.#wake();
  }

  onEnd(): void {
    this.events.push("end");
    this.#wake();
  }

  onClose(error?: UsmpError): void {
    this.events.push("close");
    this.closeError = error;
    this.#wake();
  }

  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#chunks));
  }

  /** Resolves once that many bytes arrived. */
  received(count: number): Promise<void> {
    return this.#until(() => this.byteCount >= count);
  }

  ended(): Promise<void> {
    return this.#until(() => this.events.includes("end"));
  }

  closed(): Promise<void> {
    return this.#until(() => this.events.includes("close"));
  }

  #until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }));
  }

  #wake(): void {
    for (const { holds, resolve } of this.#waiting) if (holds()) resolve();
  }
}

/** Sends, and resolves once it was flushed. */
export function flush(link: Link, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => link.send(bytes, resolve));
}

/** Resolves with what `promise` rejects with; rejects if `promise` resolves. */
export async function rejection(promise: Promise<unknown>): Promise<UsmpError> {
  try {
    await promise;
  } catch (error) {
    return error as UsmpError;
  }
  throw new Error("resolved, but a rejection was expected");
}

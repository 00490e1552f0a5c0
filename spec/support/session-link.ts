import type { UsmpError } from "../../lib/errors.js";
import { concat } from "../../lib/core/wire/bytes.js";
import type { Link, LinkHandlers } from "../../lib/transport/transport.js";

/** A link whose network is the spec: nothing is flushed, delivered or closed but by its hand. */
export class ScriptedLink implements Link {
  readonly remoteAddress = "192.0.2.7";
  readonly remotePort = 4711;
  /** One entry per `send`. */
  readonly writes: Uint8Array[] = [];
  /** What was called, in order. */
  readonly calls: string[] = [];
  paused = false;
  ended = false;
  destroyed = false;
  unrefs = 0;
  #handlers: LinkHandlers | null = null;
  #unflushed: (() => void)[] = [];
  #taken = 0;

  attach(handlers: LinkHandlers): void {
    this.#handlers = handlers;
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    if (this.ended || this.destroyed) return;
    this.calls.push("send");
    this.writes.push(bytes);
    this.#unflushed.push(onFlushed);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    if (!this.ended) this.calls.push("end");
    this.ended = true;
  }

  destroy(): void {
    if (!this.destroyed) this.calls.push("destroy");
    this.destroyed = true;
  }

  unref(): void {
    this.unrefs++;
  }

  /** How many sends wait for the network. */
  get unflushed(): number {
    return this.#unflushed.length;
  }

  /** The network takes the first `count` sends. */
  flush(count = Infinity): void {
    for (const onFlushed of this.#unflushed.splice(0, count)) onFlushed();
  }

  /** What was sent since the last call. */
  take(): Uint8Array {
    const taken = concat(...this.writes.slice(this.#taken));
    this.#taken = this.writes.length;
    return taken;
  }

  deliver(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) if (!this.destroyed) this.#handlers?.onBytes(chunk);
  }

  endByPeer(): void {
    this.#handlers?.onEnd();
  }

  close(error?: UsmpError): void {
    this.ended = this.destroyed = true;
    this.#unflushed = [];
    this.#handlers?.onClose(error);
  }
}

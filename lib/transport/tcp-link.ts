import type { Socket } from "node:net";

import { plainAddress } from "./place.js";
import { linkFailure } from "./system-errors.js";
import type { Link, LinkHandlers } from "./transport.js";

/**
 * A link over an open socket with `allowHalfOpen` that has not begun to read (`pauseOnConnect`, or paused before it
 * connected). Until `attach` the kernel holds the bytes that arrive.
 *
 * It delivers Node's own chunks. Node does not reuse their memory.
 */
export class TcpLink implements Link {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #socket: Socket;
  #handlers: LinkHandlers | undefined;
  #paused = false;
  #failure: unknown;

  constructor(socket: Socket, remoteAddress: string, remotePort: number) {
    this.#socket = socket;
    this.remoteAddress = plainAddress(remoteAddress);
    this.remotePort = remotePort;
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
  }

  attach(handlers: LinkHandlers): void {
    this.#handlers = handlers;
    if (this.#socket.closed) {
      setImmediate(this.#onClose);
      return;
    }
    this.#socket.on("data", this.#onData);
    this.#socket.on("end", this.#onEnd);
    if (!this.#paused) this.#socket.resume();
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    if (!this.#socket.writable) return;
    this.#socket.write(bytes, (error) => {
      // Node reports a pending write as done even after destroy().
      if (!error && !this.#socket.destroyed) onFlushed();
    });
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#handlers !== undefined) this.#socket.resume();
  }

  end(): void {
    if (this.#socket.writable) this.#socket.end();
  }

  destroy(): void {
    // A destroyed stream still delivers its buffer.
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    this.#socket.destroy();
  }

  unref(): void {
    this.#socket.unref();
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#handlers?.onBytes(chunk);
  };

  readonly #onEnd = (): void => this.#handlers?.onEnd();

  readonly #onError = (error: Error): void => {
    this.#failure = error;
  };

  /** Node emits "close" once, after any "error". If there are no handlers yet, `attach` calls it again. */
  readonly #onClose = (): void => {
    if (this.#handlers === undefined) return;
    this.#socket.removeListener("data", this.#onData);
    this.#socket.removeListener("end", this.#onEnd);
    this.#socket.removeListener("close", this.#onClose);
    this.#socket.removeListener("error", this.#onError);
    if (this.#failure === undefined) this.#handlers.onClose();
    else this.#handlers.onClose(linkFailure(this.#failure, this.remoteAddress, this.remotePort));
  };
}

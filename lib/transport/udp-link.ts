import type { Socket } from "node:dgram";

import { transientDatagramError } from "./system-errors.js";
import type { Link, LinkHandlers } from "./transport.js";

/**
 * A link over a connected datagram socket. The kernel drops datagrams of other senders, and reports network errors for
 * ours. Datagrams that arrive before `attach` are dropped, as any datagram may be.
 */
export class UdpLink implements Link {
  readonly carries = "datagrams";
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly addresses: number;
  readonly #socket: Socket;
  #handlers: LinkHandlers | null = null;
  #sending = 0;
  #ending = false;
  #closed = false;

  /** @param addresses how many the dialled name has */
  constructor(socket: Socket, remoteAddress: string, remotePort: number, addresses = 1) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.addresses = addresses;
    socket.on("error", this.#onError);
  }

  attach(handlers: LinkHandlers): void {
    this.#handlers = handlers;
    this.#socket.on("message", (datagram) => {
      if (!this.#closed) handlers.onBytes(datagram);
    });
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    if (this.#ending) return;
    this.#sending++;
    this.#socket.send(bytes, (error) => {
      this.#sending--;
      if (this.#closed) return;
      if (error !== null) this.#onError(error);
      onFlushed();
      if (this.#ending && this.#sending === 0) this.#close();
    });
  }

  /** No effect: a datagram that is not taken is not acknowledged, so the peer sends it again. */
  pause(): void {}

  resume(): void {}

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (this.#sending === 0) this.#close();
  }

  destroy(): void {
    this.#ending = true;
    this.#close();
  }

  unref(): void {
    this.#socket.unref();
  }

  /** A network error does not close a datagram socket. */
  readonly #onError = (error: Error): void => {
    if (!this.#closed)
      this.#handlers?.onTransientError?.(transientDatagramError(error, this.remoteAddress, this.remotePort));
  };

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close(() => this.#handlers?.onClose());
  }
}

import type { UsmpError } from "../../errors.js";
import { contain } from "../../transport/contained.js";
import type { DatagramPeer, Link, LinkHandlers } from "../../transport/transport.js";

/** What one peer sends to the gateway's one socket, and what it gets back. */
export class DatagramLink implements Link {
  readonly carries = "datagrams";
  readonly #peer: DatagramPeer;
  readonly #onGone: () => void;
  #handlers: LinkHandlers | null = null;
  #gone = false;

  constructor(peer: DatagramPeer, onGone: () => void) {
    this.#peer = peer;
    this.#onGone = onGone;
  }

  /** Whether it has ended. */
  get isGone(): boolean {
    return this.#gone;
  }

  get remoteAddress(): string {
    return this.#peer.address;
  }

  get remotePort(): number {
    return this.#peer.port;
  }

  attach(handlers: LinkHandlers): void {
    this.#handlers = handlers;
  }

  /** A datagram came (borrowed). */
  deliver(datagram: Uint8Array): void {
    if (!this.#gone) this.#handlers?.onBytes(datagram);
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    if (this.#gone) return;
    const onSent = (trouble?: UsmpError): void => {
      if (this.#gone) return;
      if (trouble !== undefined) this.#handlers?.onTransientError?.(trouble);
      onFlushed();
    };
    contain(
      () => this.#peer.send(bytes, onSent),
      (error) => {
        if (this.#leave()) queueMicrotask(() => this.#handlers?.onClose(error));
      },
    );
  }

  /** The socket is everybody's: what is not taken is not acknowledged, and comes again. */
  pause(): void {}

  resume(): void {}

  /** What was sent is with the system already. */
  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#leave()) queueMicrotask(() => this.#handlers?.onClose());
  }

  /** Somebody else has taken this place. */
  supersede(reason: UsmpError): void {
    if (this.#leave()) this.#handlers?.onClose(reason);
  }

  /** The listener's own `unref` is for all of its links. */
  unref(): void {}

  #leave(): boolean {
    if (this.#gone) return false;
    this.#gone = true;
    this.#onGone();
    return true;
  }
}

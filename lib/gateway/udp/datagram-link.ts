import type { UsmpError } from "../../errors.js";
import { contain } from "../../transport/contained.js";
import type { DatagramPeer, Link, LinkHandlers } from "../../transport/transport.js";

/** The link of one peer on the gateway's shared datagram socket. */
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

  /** Delivers a datagram (borrowed). */
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

  /**
   * All links share the socket, so it cannot pause: the session leaves unread datagrams unacknowledged, and the peer
   * retransmits them.
   */
  pause(): void {}

  resume(): void {}

  /** The system has taken every datagram that was sent. */
  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#leave()) queueMicrotask(() => this.#handlers?.onClose());
  }

  /** Another link has taken this address and port. */
  supersede(reason: UsmpError): void {
    if (this.#leave()) this.#handlers?.onClose(reason);
  }

  /** The listener's own `unref` covers all of its links. */
  unref(): void {}

  #leave(): boolean {
    if (this.#gone) return false;
    this.#gone = true;
    this.#onGone();
    return true;
  }
}

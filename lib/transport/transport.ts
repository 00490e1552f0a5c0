/**
 * The interfaces of a transport, which knows bytes or datagrams and no protocol. A transport dials or listens. A link
 * carries a byte stream or datagrams both ways, and reports its end. Users can write one.
 */
import type { UsmpError } from "../errors.js";

/** What an open link calls. It calls nothing before `dial` has resolved or the accept callback has returned. */
export interface LinkHandlers {
  /**
   * Bytes from the peer: the next ones of a stream, or one whole datagram. Borrowed for the call: copy to keep them.
   */
  onBytes(chunk: Uint8Array): void;
  /** Datagrams do not get through at the moment (code TRANSPORT): no listener, no route. The link stays open. */
  onTransientError?(error: UsmpError): void;
  /** The peer will send no more (half-close). Queued bytes are still sent to it. `onClose` follows later. */
  onEnd(): void;
  /** The link is closed. Called exactly once, as the last call. `error` (code TRANSPORT) if it broke; else absent. */
  onClose(error?: UsmpError): void;
}

/** One open connection: a reliable, ordered byte stream, or datagrams that may be lost, repeated and reordered. */
export interface Link {
  /** What the link carries. Absent means a stream. */
  readonly carries?: "stream" | "datagrams" | undefined;
  /** The peer's address, for logs: `"192.168.1.7"`. `remotePort` is its port, if there is one. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /**
   * How many addresses the dialled name has. Absent means one. If there are several and nothing answers on this one,
   * the owner dials again, `after` this link's `remoteAddress`.
   */
  readonly addresses?: number | undefined;
  /** Sets the handlers. Called once, synchronously after the link was passed on. Before that, nothing is delivered. */
  attach(handlers: LinkHandlers): void;
  /**
   * Queues `bytes`; over datagrams they are one datagram. The link keeps them, and neither side changes them again.
   * `onFlushed` runs once the system has taken them, never synchronously, and not at all if the link ends before.
   * No-op after `end` or `destroy`.
   */
  send(bytes: Uint8Array, onFlushed: () => void): void;
  /** Stops delivering bytes, so that the peer's sending stalls in time. `onEnd` waits for held bytes. Streams only. */
  pause(): void;
  resume(): void;
  /** Sends what is queued; then, on a stream, the peer sees the end. Idempotent. `onClose` follows. */
  end(): void;
  /** Ends now. Queued bytes may be lost. Idempotent. `onClose` follows, not synchronously. */
  destroy(): void;
  /** Lets the process end while this link is open. */
  unref(): void;
}

export interface DialOptions {
  /** When it aborts, `dial` rejects with the signal's reason as `cause`. */
  readonly signal?: AbortSignal | undefined;
  /** A `remoteAddress` that failed before. Dialing starts with the address after it. */
  readonly after?: string | undefined;
}

/** Opens links to one destination, for a device. */
export interface Dialer {
  /** The destination, for messages: `"tcp 192.168.1.100:9000"`. */
  describe(): string;
  /** How long `dial` may take, in milliseconds. The caller gives up a little later. Absent means 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Opens one link. Rejects with a {@link UsmpError}: TRANSPORT (the system's error as `cause`), TIMEOUT, or CLOSED
   * when aborted.
   */
  dial(options?: DialOptions): Promise<Link>;
}

/** A listening acceptor. */
export interface Listener {
  readonly kind: string;
  /** The address in use. `port` is the actual one if 0 was requested. */
  readonly address: string;
  readonly port: number;
  /** Stops accepting. Open links stay open. Resolves when the port is free. Idempotent. */
  close(): Promise<void>;
  /** Lets the process end while listening. */
  unref(): void;
}

export interface ListenHandlers {
  /** A new link. The handler calls `attach` or `destroy` before it returns. */
  onLink(link: Link): void;
  /** The listener failed after it had started (code TRANSPORT). It may still accept. */
  onError(error: UsmpError): void;
}

/** Listens for streams, for a gateway. */
export interface Acceptor {
  readonly carries?: "stream" | undefined;
  /** Starts listening. Rejects with TRANSPORT, the system's error as `cause` (for example EADDRINUSE). */
  listen(handlers: ListenHandlers): Promise<Listener>;
}

/** The sender of a datagram, and the way to answer it. Equal `key`s mean the same address and port. */
export interface DatagramPeer {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /**
   * Sends one datagram back, and owns it from then on. `onSent` runs when the system has taken it, or with the error;
   * never synchronously.
   */
  send(datagram: Uint8Array, onSent?: (trouble?: UsmpError) => void): void;
}

export interface DatagramHandlers {
  /** A datagram, borrowed for the call. The transport keeps no state for `from`. */
  onDatagram(datagram: Uint8Array, from: DatagramPeer): void;
  /** The listener failed after it had started (code TRANSPORT). It may still work. */
  onError(error: UsmpError): void;
}

/** Listens for datagrams on one socket for all peers, for a gateway. */
export interface DatagramAcceptor {
  readonly carries: "datagrams";
  /** Starts listening. Rejects with TRANSPORT, the system's error as `cause` (for example EADDRINUSE). */
  listen(handlers: DatagramHandlers): Promise<Listener>;
}

export type AnyAcceptor = Acceptor | DatagramAcceptor;

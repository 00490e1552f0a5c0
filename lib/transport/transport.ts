/**
 * What an adapter is: it knows bytes or datagrams, no protocol. A transport dials or listens; a link carries a byte stream
 * or datagrams both ways and says when it ended. Users can write one.
 */
import type { UsmpError } from "../errors.js";

/** What an open link tells its owner. Nothing is called before `dial` resolved or the accept callback returned. */
export interface LinkHandlers {
  /** Bytes from the peer: the next ones of a stream, or one whole datagram. Borrowed for the call: copy what is kept. */
  onBytes(chunk: Uint8Array): void;
  /** Datagrams do not get through for the moment (code TRANSPORT): nobody listens there, no route. The link stays open. */
  onTransientError?(error: UsmpError): void;
  /** The peer will send no more (half-close). What was sent to it still goes out; `onClose` follows later. */
  onEnd(): void;
  /** The link is gone. Exactly once, and the last call. `error` (code TRANSPORT) where it broke, absent for an orderly end. */
  onClose(error?: UsmpError): void;
}

/** One open connection: a reliable, ordered byte stream, or datagrams that may get lost, doubled and overtaken. */
export interface Link {
  /** What it carries; absent: a stream. */
  readonly carries?: "stream" | "datagrams" | undefined;
  /** The peer, for logs: `"192.168.1.7"`, and its port where there is one. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /**
   * How many addresses the dialled name has. Where nothing answers over one of several, the owner dials again, `after` this link's
   * `remoteAddress`. Absent: one.
   */
  readonly addresses?: number | undefined;
  /** Sets who is told. Called once, synchronously after the link was handed over; before that nothing is delivered. */
  attach(handlers: LinkHandlers): void;
  /**
   * Queues `bytes`, over datagrams as one (kept: neither side changes them any more).
   * `onFlushed` runs once they were handed to the system, never synchronously, and not at all where the link ended before.
   * No-op after `end` or `destroy`.
   */
  send(bytes: Uint8Array, onFlushed: () => void): void;
  /** Stops delivering bytes, so that the peer's sending stalls in the end; `onEnd` waits behind what is held back. Streams only. */
  pause(): void;
  resume(): void;
  /** What was queued goes out, then, on a stream, the peer sees the end. Idempotent. `onClose` follows. */
  end(): void;
  /** Ends now; what was queued may be lost. Idempotent. `onClose` follows, not synchronously. */
  destroy(): void;
  /** Lets the process end while this link is open. */
  unref(): void;
}

export interface DialOptions {
  /** Gives up and rejects with the signal's reason as `cause`. */
  readonly signal?: AbortSignal | undefined;
  /** An address that failed before, as `remoteAddress` gave it: a name's addresses are tried from the next one on. */
  readonly after?: string | undefined;
}

/** Where a device connects to. */
export interface Dialer {
  /** For messages, for example `"tcp 192.168.1.100:9000"`. */
  describe(): string;
  /** How long `dial` may take, in milliseconds: it is given up a little later. Absent: 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Opens one link. Rejects with a {@link UsmpError}: TRANSPORT (the system's error as `cause`), TIMEOUT, or CLOSED when aborted. */
  dial(options?: DialOptions): Promise<Link>;
}

/** What `listen` resolves with. */
export interface Listener {
  readonly kind: string;
  /** The address in use; `port` is the real one where 0 was asked for. */
  readonly address: string;
  readonly port: number;
  /** Stops accepting; open links live on. Resolves when the port is free. Idempotent. */
  close(): Promise<void>;
  /** Lets the process end while listening. */
  unref(): void;
}

export interface ListenHandlers {
  /** A new link; the callee calls `attach` before it returns, or `destroy`. */
  onLink(link: Link): void;
  /** The listener failed after it had started (code TRANSPORT). It may go on accepting. */
  onError(error: UsmpError): void;
}

/** Where a gateway listens for streams. */
export interface Acceptor {
  readonly carries?: "stream" | undefined;
  /** Starts listening. Rejects with TRANSPORT, the system's error as `cause` (for example EADDRINUSE). */
  listen(handlers: ListenHandlers): Promise<Listener>;
}

/** Where a datagram came from, and what answers it. Two with the same `key` are the same address and port. */
export interface DatagramPeer {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** Sends one datagram back (taken over). `onSent` runs once it was handed to the system, or with what kept it from that; never synchronously. */
  send(datagram: Uint8Array, onSent?: (trouble?: UsmpError) => void): void;
}

export interface DatagramHandlers {
  /** A datagram, borrowed for the call. Nothing is kept for `from` by the transport. */
  onDatagram(datagram: Uint8Array, from: DatagramPeer): void;
  /** The listener failed after it had started (code TRANSPORT). It may go on. */
  onError(error: UsmpError): void;
}

/** Where a gateway listens for datagrams, on one socket for all peers. */
export interface DatagramAcceptor {
  readonly carries: "datagrams";
  /** Starts listening. Rejects with TRANSPORT, the system's error as `cause` (for example EADDRINUSE). */
  listen(handlers: DatagramHandlers): Promise<Listener>;
}

export type AnyAcceptor = Acceptor | DatagramAcceptor;

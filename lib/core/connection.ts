import type { UsmpError } from "../errors.js";
import type { ConnectionEvent, SessionRequest } from "./events.js";

declare const sendTicket: unique symbol;

/**
 * Which message of a connection: each `send` returns a higher one. Compare tickets of one connection, and do nothing
 * else with them: a stream counts bytes, and datagrams count messages.
 */
export type SendTicket = number & { readonly [sendTicket]: true };

/**
 * One end of a USMP connection, without I/O, over a stream or datagrams: bytes and the time go in; bytes, events and
 * the next deadline come out.
 */
export interface Connection {
  /** Takes the next bytes of a stream, cut anywhere, or one datagram (borrowed for the call). */
  receive(chunk: Uint8Array, now: number): void;
  /** The link has ended: the peer sends no more, or the link broke (`cause`). */
  linkEnded(cause?: UsmpError): void;
  /** Output does not get through for the moment, because of `trouble`. */
  onTransientError(trouble: UsmpError): void;
  /**
   * Answers the "hello" event with the device's key and, during a key rotation, its previous key (both copied). Null:
   * it has none. A late answer is ignored.
   */
  providePsk(psk: Uint8Array | null, now: number, previousPsk?: Uint8Array | null): void;
  /**
   * Sends a message (borrowed) of at most 1808 bytes. Its bytes have left once `settled` has reached the ticket.
   * @throws UsmpError PAYLOAD_TOO_LARGE or NOT_CONNECTED: nothing was sent. SEQ_EXHAUSTED: the session has ended.
   */
  send(message: Uint8Array, now: number): SendTicket;
  /** Passes a request to the session. Without one it does nothing. */
  request(request: SessionRequest, now: number): void;
  /** Ends the connection. If there is a session, BYE is its last frame. */
  close(error: UsmpError, now: number): void;
  /** Ends the connection without BYE. */
  abandon(error: UsmpError): void;
  /** Whether the application reads. While it does not, the peer's deadlines stand still. */
  setReading(reading: boolean, now: number): void;
  /** Whether output piles up. Over a stream PONGs then wait. */
  setCongested(congested: boolean, now: number): void;
  /** Does what is due at `now`. */
  handleDeadline(now: number): void;
  /** When `handleDeadline` has something to do; `Infinity` if nothing is planned. */
  nextDeadline(): number;

  /** Bytes of output that wait to be taken. */
  readonly outputLength: number;
  /** Takes the output, in order. Over datagrams each array is one. They are not changed afterwards. */
  takeOutput(): Uint8Array[];
  /**
   * Does the expensive work that need not delay the output: derives a session's keys, computes ahead. Call it after the
   * output was written. It may end the connection, and may have events.
   */
  prepare(now: number): void;
  /** Takes the events, in order. */
  takeEvents(): ConnectionEvent[];
  /** Whether there are events to take. */
  hasEvents(): boolean;
  /** Whether output remains after "closed". Until this is false, keep passing datagrams and deadlines. */
  readonly lingers: boolean;

  /**
   * Every message up to this ticket has left: the network took it, or over datagrams the peer acknowledged it.
   * `flushedBytes`: how many bytes of output the link has passed on since the start.
   */
  settled(flushedBytes: number): SendTicket;
  /** Bytes of messages that have not left. */
  unsentBytes(flushedBytes: number): number;

  /** Frames built so far, with retransmissions and the handshake's. */
  readonly framesSent: number;
  /** Whole frames received so far, with the handshake's. */
  readonly framesReceived: number;
  /** Retransmitted frames. */
  readonly retransmissions: number;
  /** The round trip in milliseconds, measured by acknowledgements; null if none was measured. */
  readonly roundTripMs: number | null;
}

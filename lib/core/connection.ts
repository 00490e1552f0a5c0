import type { UsmpError } from "../errors.js";
import type { ConnectionEvent, SessionRequest } from "./events.js";

declare const sendTicket: unique symbol;

/**
 * Which message of a connection: each `send` returns a higher one. Compare tickets of one connection, and do nothing else with
 * them: a stream counts bytes, and datagrams count messages.
 */
export type SendTicket = number & { readonly [sendTicket]: true };

/**
 * One end of a USMP connection, without I/O, over whatever carries it: what arrives and the time in; what is to be sent,
 * events and the next deadline out.
 */
export interface Connection {
  /** Takes the next bytes of a stream, cut anywhere, or one datagram (borrowed for the call). */
  receive(chunk: Uint8Array, now: number): void;
  /** The link has ended: the peer will send no more, or it broke (`cause`). */
  linkEnded(cause?: UsmpError): void;
  /** What is sent does not get through for the moment. */
  onTransientError(trouble: UsmpError): void;
  /**
   * Answers "hello": the device's key, and during a rotation the one before it (copied); null for what it does not have.
   * Too late an answer is ignored.
   */
  providePsk(psk: Uint8Array | null, now: number, previousPsk?: Uint8Array | null): void;
  /**
   * Sends a message (borrowed) of at most 1808 bytes. Its bytes have left once `settled` has reached the ticket.
   * @throws UsmpError PAYLOAD_TOO_LARGE or NOT_CONNECTED: nothing was sent. SEQ_EXHAUSTED: the session has ended.
   */
  send(message: Uint8Array, now: number): SendTicket;
  /** Passes a request to the session. Without one it does nothing. */
  request(request: SessionRequest, now: number): void;
  /** Ends the connection from this side; with a session, BYE is the last frame out. */
  close(error: UsmpError, now: number): void;
  /** Ends the connection without a word to the peer. */
  abandon(error: UsmpError): void;
  /** The application reads, or does not: what cannot be heard is not waited for. */
  setReading(reading: boolean, now: number): void;
  /** Whether what is sent piles up before the network. */
  setCongested(congested: boolean, now: number): void;
  /** Does what is due at `now`. */
  handleDeadline(now: number): void;
  /** When `handleDeadline` has something to do; `Infinity` where never. */
  nextDeadline(): number;

  /** Bytes that wait to be taken. */
  readonly outputLength: number;
  /** What to send, in order; over datagrams each is one. Not changed any more. */
  takeOutput(): Uint8Array[];
  /**
   * Does the expensive work that need not delay the output: derives a session's keys, computes ahead. Call it after the
   * output was written. It may end the connection, and may have events.
   */
  prepare(now: number): void;
  /** What happened, in order. */
  takeEvents(): ConnectionEvent[];
  /** Whether there is something to take. */
  hasEvents(): boolean;
  /** Whether, after "closed", there is still something to send: deadlines and what arrives still count. */
  readonly lingers: boolean;

  /**
   * Every message up to this ticket has left: the network took it, or over datagrams the peer acknowledged it. `flushedBytes`:
   * how many bytes of output the link has passed on since the start.
   */
  settled(flushedBytes: number): SendTicket;
  /** Bytes of messages that have not left. */
  unsentBytes(flushedBytes: number): number;

  /** Frames built so far, those sent again included, and whole ones that came; the handshake's too. */
  readonly framesSent: number;
  readonly framesReceived: number;
  /** Frames that were sent again. */
  readonly retransmissions: number;
  /** The round trip in milliseconds as acknowledgements tell it, null where nothing did. */
  readonly roundTripMs: number | null;
}

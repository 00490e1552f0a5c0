import { UsmpError } from "../../errors.js";
import { BoardReads } from "./board-reads.js";
import type { CryptoProvider } from "../crypto-provider.js";
import { OneFrame } from "../wire/datagram-frame.js";
import type { DatagramKeys } from "./datagram-keys.js";
import type { DatagramOutbox } from "./datagram-outbox.js";
import { StopAndWaitArq, type Departure } from "./stop-and-wait-arq.js";
import type { Utack } from "../wire/utack.js";
import { FrameType, LAST_SEQ, type SessionType } from "../wire/wire.js";

/** Seals and sends the frames of a session over datagrams: one in flight, and the next one sealed ahead if possible. */
export class ArqSender {
  /** When a fragmented message may start. */
  readonly boardReads = new BoardReads();
  readonly #keys: DatagramKeys;
  readonly #outbox: DatagramOutbox;
  readonly #flight: StopAndWaitArq;
  /** Sealed while another frame is in flight, so it can leave as soon as that one is acknowledged. */
  #ready: Departure | null = null;
  /** Whether the last frame sealed was not the last of its message. */
  #isWithinMessage = false;

  /** `seedMs`: the handshake's round trip in milliseconds, or null. */
  constructor(crypto: CryptoProvider, keys: DatagramKeys, outbox: DatagramOutbox, seedMs: number | null = null) {
    this.#keys = keys;
    this.#outbox = outbox;
    this.#flight = new StopAndWaitArq(crypto, seedMs);
  }

  /** Whether nothing is in flight. */
  get isIdle(): boolean {
    return this.#flight.isIdle;
  }

  get unackedBytes(): number {
    return (this.#ready?.bytes.length ?? 0) + this.#flight.unackedBytes;
  }

  get retransmissions(): number {
    return this.#flight.retransmissions;
  }

  get roundTripMs(): number | null {
    return this.#flight.roundTripMs;
  }

  /** Seals and sends a frame (borrowed plaintext). Nothing may be in flight. @throws UsmpError SEQ_EXHAUSTED */
  transmit(type: SessionType, plaintext: Uint8Array, now: number): void {
    // The last number is for BYE (§4.3).
    if (this.isExhausted && type !== FrameType.BYE) throw this.exhausted();
    this.#launch(this.#seal(type, plaintext), now);
  }

  /** Whether the one number left is BYE's. */
  get isExhausted(): boolean {
    return this.#keys.tx.nextSeq >= LAST_SEQ;
  }

  exhausted(): UsmpError {
    return new UsmpError("SEQ_EXHAUSTED", "the session has used up its sequence numbers: reconnect");
  }

  /** Whether a frame can be sealed ahead. */
  get wantsNext(): boolean {
    return this.#ready === null && !this.isIdle && !this.isExhausted;
  }

  /** Seals the frame that follows the one in flight (borrowed plaintext). */
  sealAhead(type: SessionType, plaintext: Uint8Array): void {
    this.#ready = this.#seal(type, plaintext);
  }

  /** Sends the frame that was sealed ahead. Nothing may be in flight. Returns whether there was one. */
  transmitReady(now: number): boolean {
    const ready = this.#ready;
    if (ready === null) return false;
    this.#ready = null;
    this.#launch(ready, now);
    return true;
  }

  /** Computes the expected UTACKs of the frame in flight ahead. */
  prepare(): void {
    this.#flight.prepare();
  }

  /** Takes a UTACK (borrowed). Returns whether it acknowledges the frame in flight. */
  acknowledge(utack: Utack, now: number): boolean {
    return this.#flight.acknowledge(utack, now);
  }

  /** Drops the frame in flight: it no longer needs a UTACK. */
  settle(): void {
    this.#flight.settle();
  }

  /** Retransmits the frame in flight if its timeout has passed. @throws what `lost` returns, after 8 sendings. */
  resend(now: number, lost: (message: string) => UsmpError): void {
    this.#repeat(this.#flight.resend(now, lost), now);
  }

  /** Retransmits the frame in flight if it is overdue. Call it when the peer is known to listen. */
  resendOverdue(now: number): void {
    this.#repeat(this.#flight.resendOverdue(now), now);
  }

  nextDeadline(): number {
    return this.#flight.nextDeadline();
  }

  #repeat(again: Uint8Array | null, now: number): void {
    if (again === null) return;
    this.#outbox.pushFrame(again);
    this.boardReads.repeated(now);
  }

  #seal(type: SessionType, plaintext: Uint8Array): Departure {
    const { tx } = this.#keys;
    const seq = tx.nextSeq;
    const frame = new OneFrame();
    tx.seal(type, plaintext, frame);
    const keys = type === FrameType.REKEY ? this.#keys.rekeyUtackKeys : [tx.key];
    const isLater = this.#isWithinMessage;
    this.#isWithinMessage = type === FrameType.DATA_FRAG;
    return { bytes: frame.bytes, type, seq, keys, isFragment: isLater || this.#isWithinMessage, isLater };
  }

  #launch(frame: Departure, now: number): void {
    this.#outbox.pushFrame(frame.bytes);
    this.#flight.send(frame, now);
  }
}

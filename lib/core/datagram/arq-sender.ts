import { UsmpError } from "../../errors.js";
import { BoardReads } from "./board-reads.js";
import type { CryptoProvider } from "../crypto-provider.js";
import { OneFrame } from "../wire/datagram-frame.js";
import type { DatagramKeys } from "./datagram-keys.js";
import type { DatagramOutbox } from "./datagram-outbox.js";
import { StopAndWaitArq, type Departure } from "./stop-and-wait-arq.js";
import type { Utack } from "../wire/utack.js";
import { FrameType, LAST_SEQ, type SessionType } from "../wire/wire.js";

/** Seals what a session over datagrams sends, one frame in flight, and the next one ready where it can be. */
export class ArqSender {
  /** When a fragmented message may start. */
  readonly boardReads = new BoardReads();
  readonly #keys: DatagramKeys;
  readonly #outbox: DatagramOutbox;
  readonly #flight: StopAndWaitArq;
  /** Sealed while another frame was in flight: one wait less on the way of every frame. */
  #ready: Departure | null = null;
  /** Whether the frame that was sealed last is followed by another one of its message. */
  #isWithinMessage = false;

  /** `seedMs`: the round trip as the handshake showed it, or null. */
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

  /** Sends a frame (borrowed plaintext); nothing is in flight. @throws UsmpError SEQ_EXHAUSTED */
  transmit(type: SessionType, plaintext: Uint8Array, now: number): void {
    // The last number is kept for BYE (§4).
    if (this.isExhausted && type !== FrameType.BYE) throw this.exhausted();
    this.#launch(this.#seal(type, plaintext), now);
  }

  /** Whether only BYE has a number left. */
  get isExhausted(): boolean {
    return this.#keys.tx.nextSeq >= LAST_SEQ;
  }

  exhausted(): UsmpError {
    return new UsmpError("SEQ_EXHAUSTED", "the session has used up its sequence numbers: reconnect");
  }

  /** Whether the next frame can be sealed ahead. */
  get wantsNext(): boolean {
    return this.#ready === null && !this.isIdle && !this.isExhausted;
  }

  /** Seals what is to follow the frame in flight (borrowed plaintext). */
  sealAhead(type: SessionType, plaintext: Uint8Array): void {
    this.#ready = this.#seal(type, plaintext);
  }

  /** Sends what was sealed ahead; nothing is in flight. Whether there was any. */
  transmitReady(now: number): boolean {
    const ready = this.#ready;
    if (ready === null) return false;
    this.#ready = null;
    this.#launch(ready, now);
    return true;
  }

  /** Makes the right answers to the frame in flight, while it is on its way. */
  prepare(): void {
    this.#flight.prepare();
  }

  /** Takes a UTACK (borrowed); whether it was the right one for the frame in flight. */
  acknowledge(utack: Utack, now: number): boolean {
    return this.#flight.acknowledge(utack, now);
  }

  /** The frame in flight needs no UTACK any more. */
  settle(): void {
    this.#flight.settle();
  }

  /** Sends the frame in flight again where that is due. @throws what `lost` makes of the message, where it was too often. */
  resend(now: number, lost: (message: string) => UsmpError): void {
    this.#repeat(this.#flight.resend(now, lost), now);
  }

  /** Sends the frame in flight again where it is overdue: the peer listens just now. */
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

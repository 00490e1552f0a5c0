import { orderlyEnd, UsmpError } from "../../errors.js";
import { CipherNegotiation } from "../session/cipher-negotiation.js";
import { ControlPlane } from "../session/control-plane.js";
import { DatagramKeys, type OpenedDatagram } from "./datagram-keys.js";
import type { DatagramOutbox } from "./datagram-outbox.js";
import { DatagramReassembly } from "./datagram-reassembly.js";
import { DatagramRekey } from "./datagram-rekey.js";
import type { ConnectionEvent, SessionRequest } from "../events.js";
import type { Frame } from "../wire/frame.js";
import { ArqSender } from "./arq-sender.js";
import type { DatagramAgreement } from "../handshake/datagram-step.js";
import { FragmentQueue } from "./fragment-queue.js";
import { requireMessageLength, type SessionOptions } from "../session/session-options.js";
import type { Utack } from "../wire/utack.js";
import {
  FORBIDDEN_SEQ,
  FrameType,
  HEADER_LENGTH,
  isSessionType,
  SEALED_OVERHEAD,
  sealsNothing,
  type SessionType,
} from "../wire/wire.js";

const NOTHING = new Uint8Array(0);

/**
 * An established session over datagrams (§4 to §7), without I/O: frames, UTACKs and the time go in; datagrams, in the
 * outbox, and events come out. A frame that does not verify changes nothing and gets no answer.
 *
 * One frame is in flight at a time. When it is acknowledged, the next one is sealed: the rest of a message that has
 * begun, else a control frame, else the next message, and BYE after the last one.
 *
 * A method that throws has ended the session: its owner closes the connection and calls `wipe`.
 */
export class DatagramSession {
  /** Output waits, unsealed, until the cipher is decided. */
  readonly #cipher: CipherNegotiation;
  readonly #rekey: DatagramRekey;
  readonly #keys: DatagramKeys;
  readonly #control: ControlPlane;
  readonly #reassembly = new DatagramReassembly();
  readonly #messages = new FragmentQueue();
  readonly #sender: ArqSender;
  readonly #outbox: DatagramOutbox;
  readonly #emit: (event: ConnectionEvent) => void;
  #accepted = 0;
  #settled = 0;
  #reading = true;
  /** Whether output waits until the peer is known to have its session. */
  #held = false;
  #trouble: UsmpError | undefined;
  #byeWanted = false;
  #isDone = false;

  /** Takes over the keys of `agreed`. */
  constructor(
    options: SessionOptions,
    agreed: DatagramAgreement,
    outbox: DatagramOutbox,
    emit: (event: ConnectionEvent) => void,
    now: number,
  ) {
    const { crypto } = options;
    this.#cipher = CipherNegotiation.of(options.cipher);
    this.#cipher.start(now);
    this.#keys = new DatagramKeys({ crypto, cipher: this.#cipher, sessionId: agreed.sessionId }, options.role, agreed);
    this.#control = new ControlPlane(options, emit, now);
    this.#rekey = new DatagramRekey({ crypto, keys: this.#keys, policy: this.#control.rekey, emit });
    this.#sender = new ArqSender(crypto, this.#keys, outbox, agreed.roundTripMs);
    this.#outbox = outbox;
    this.#emit = emit;
  }

  /** How many messages `send` took. */
  get accepted(): number {
    return this.#accepted;
  }

  /** How many messages the peer has acknowledged whole. */
  get settled(): number {
    return this.#settled;
  }

  get unackedBytes(): number {
    return this.#messages.waitingBytes + this.#sender.unackedBytes;
  }

  get retransmissions(): number {
    return this.#sender.retransmissions;
  }

  get roundTripMs(): number | null {
    return this.#sender.roundTripMs;
  }

  /** Whether BYE was acknowledged, so that nothing is left to send. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Queues a message of at most 1808 bytes (borrowed).
   * @throws UsmpError PAYLOAD_TOO_LARGE: nothing was queued, and the session continues. SEQ_EXHAUSTED: it has ended.
   */
  send(message: Uint8Array, now: number): void {
    requireMessageLength(message.length);
    this.#messages.push(message);
    this.#accepted++;
    this.#advance(now);
  }

  request(request: SessionRequest, now: number): void {
    this.#control.request(request, now);
    this.#advance(now);
  }

  /** Sends BYE, the last frame of a session, after the queued messages. */
  bye(now: number): void {
    this.#byeWanted = true;
    this.#advance(now);
  }

  /** Holds all output back until `release`. */
  hold(): void {
    this.#held = true;
  }

  /** The peer has its session, and can speak from `now` on. */
  release(now: number): void {
    this.#held = false;
    this.#cipher.start(now);
    this.#advance(now);
  }

  /**
   * Takes a frame (borrowed) of the peer. Returns whether it verified. Emits synchronously.
   * @throws UsmpError with the code of a violation by a peer that has the key, or BYE: the session is over.
   */
  receive(frame: Frame, now: number): boolean {
    const { type } = frame;
    const plaintextLength = frame.bytes.length - HEADER_LENGTH - SEALED_OVERHEAD;
    if (!isSessionType(type) || plaintextLength < 0) return false;
    if (sealsNothing(type) && plaintextLength > 0) return false;
    const rekeyUtack = this.#keys.utackAgain(frame);
    if (rekeyUtack !== null) {
      if (this.#outbox.takeRepeat("newest", now)) this.#outbox.push(rekeyUtack);
      return false;
    }
    // Before it is opened: a flood of copies must cost its sender more than us.
    const copied = this.#keys.copied(frame.seq);
    if (copied !== null && !this.#outbox.allowsRepeat(copied, now)) return false;
    const opened = this.#keys.open(frame);
    if (opened === null) return false;
    if (frame.seq === FORBIDDEN_SEQ)
      throw new UsmpError("SEQUENCE", "the peer used the last sequence number, which is reserved");
    // A copy changes nothing. Its sender may have missed the acknowledgement.
    if (opened.copied === null) this.#receiveNew(type, frame, opened, now);
    else if (this.#outbox.takeRepeat(opened.copied, now)) {
      this.#outbox.push(this.#keys.utack(frame, opened));
      this.#sender.boardReads.repeated(now);
      // A flood of copies must not put off a message that waits for the board's reads.
      this.#advance(now);
    }
    // A board waits for the UTACK of its own frame, so it listens now. At other times it may not.
    this.#sender.resendOverdue(now);
    return true;
  }

  /** Takes a UTACK (borrowed). Returns whether it acknowledges the frame in flight. */
  acknowledge(utack: Utack, now: number): boolean {
    if (!this.#sender.acknowledge(utack, now)) return false;
    if (utack.type === FrameType.REKEY) this.#rekey.arrived();
    if (utack.type === FrameType.DATA) this.#settled++;
    if (utack.type === FrameType.BYE) this.#isDone = true;
    this.#advance(now);
    return true;
  }

  /** Does what is due at `now`. @throws UsmpError TIMEOUT if the peer has been silent for too long. */
  handleDeadline(now: number): void {
    this.#control.handleDeadline(now, this.#trouble);
    this.#sender.resend(now, (message) => {
      this.#cipher.reportPeerGone();
      return new UsmpError("TIMEOUT", message, { cause: this.#trouble });
    });
    this.#advance(now);
  }

  /** When `handleDeadline` has something to do; `Infinity` if nothing is planned. */
  nextDeadline(): number {
    return Math.min(
      this.#control.nextDeadline(this.#mayRekey),
      this.#sender.nextDeadline(),
      this.#awaitsBoardReads ? this.#sender.boardReads.over : Infinity,
      this.#wantsToSend && !this.#held ? this.#cipher.dueAt : Infinity,
    );
  }

  /** Computes ahead what can be while a frame is in flight. */
  prepare(): void {
    this.#sender.prepare();
    if (!this.#sender.wantsNext || !this.#messageIsNext) return;
    const fragment = this.#messages.take();
    if (fragment !== null) this.#sender.sealAhead(fragment.type, fragment.plaintext);
  }

  /** While the application does not read, messages are neither taken nor acknowledged. */
  setReading(reading: boolean, now: number): void {
    this.#reading = reading;
    this.#control.setReading(reading, now);
  }

  /** Notes why datagrams do not get through: the cause of a later TIMEOUT. */
  onTransientError(trouble: UsmpError): void {
    this.#trouble = trouble;
  }

  /** Wipes all keys. Call no other method afterwards. */
  wipe(): void {
    // The frame in flight borrows keys.
    this.#sender.settle();
    this.#keys.wipe();
  }

  #receiveNew(type: SessionType, frame: Frame, opened: OpenedDatagram, now: number): void {
    const { seq } = frame;
    const isData = type === FrameType.DATA || type === FrameType.DATA_FRAG;
    // No room for a message: its retransmission can still be taken later.
    if (isData && !this.#reading) return;
    // Before it counts: retransmissions of an ignored REKEY must not add up to a flood.
    if (type === FrameType.REKEY && this.#keys.ignores(opened)) return;
    if (opened.confirms === "own" && this.#reassembly.holdsPartialMessage)
      throw new UsmpError("FRAGMENT", "the peer changed keys in the middle of a message");
    if (!isData) this.#control.admit(now);
    if (type === FrameType.REKEY) return this.#takeRekey(frame, opened, now);

    this.#take(frame, opened, now);
    switch (type) {
      case FrameType.DATA: {
        const data = this.#reassembly.finish(seq, opened.plaintext);
        if (data !== null) this.#emit({ type: "message", data });
        break;
      }
      case FrameType.DATA_FRAG:
        this.#reassembly.addFragment(seq, opened.plaintext);
        break;
      case FrameType.BYE:
        throw orderlyEnd("BYE", "the peer ended the session");
      default:
        this.#reassembly.interrupt(seq);
        this.#control.receive({ type, plaintext: opened.plaintext }, now);
    }
    this.#advance(now);
  }

  /** Acknowledges a new frame, and marks it as taken. */
  #take(frame: Frame, opened: OpenedDatagram, now: number): void {
    this.#outbox.push(this.#keys.utack(frame, opened));
    const awaitedUtack = this.#keys.awaitsUtack;
    this.#keys.take(frame, opened);
    this.#control.heard(now);
    if (opened.confirms !== "own") return;
    this.#reassembly.startOver();
    if (awaitedUtack) {
      this.#sender.settle();
      this.#rekey.arrived();
    }
  }

  #takeRekey(frame: Frame, opened: OpenedDatagram, now: number): void {
    const awaitedUtack = this.#keys.awaitsUtack;
    this.#outbox.push(this.#rekey.respond(frame, opened, now));
    this.#control.heard(now);
    this.#reassembly.startOver(frame.seq);
    if (awaitedUtack) this.#sender.settle();
    this.#advance(now);
  }

  /** Sends the next frame, if none is in flight. */
  #advance(now: number): void {
    this.#control.rekey.judge(this.#keys.frames, now);
    if (this.#held || !this.#sender.isIdle || !this.#canSeal(now)) return;
    if (this.#sender.transmitReady(now)) return this.#control.sent(now);
    // The last number is BYE's. Messages that still wait are lost.
    if (this.#byeWanted && this.#sender.isExhausted) return this.#sendBye(now);
    if (!this.#messages.isWithinMessage) {
      // Between messages the peer's REKEY takes effect.
      this.#rekey.switchSending();
      if (this.#advanceControl(now)) return;
    }
    if (this.#messages.startsFragmented && !this.#sender.boardReads.allowStart(now)) return;
    const fragment = this.#messages.take();
    if (fragment !== null) this.#transmit(fragment.type, fragment.plaintext, now);
    else if (this.#byeWanted) this.#sendBye(now);
  }

  /** Whether frames can be sealed. If output has waited for long enough, guesses the cipher. */
  #canSeal(now: number): boolean {
    if (this.#byeWanted) this.#cipher.guess();
    return this.#cipher.isDecided || (this.#wantsToSend && this.#cipher.decideIfDue(now));
  }

  get #wantsToSend(): boolean {
    return !this.#messages.isEmpty || !this.#control.isEmpty || this.#control.rekey.isWanted;
  }

  /** Whether only a board's reads hold a fragmented message back. */
  get #awaitsBoardReads(): boolean {
    return this.#messages.startsFragmented && this.#sender.isIdle && !this.#held && this.#cipher.isDecided;
  }

  #sendBye(now: number): void {
    if (!this.#isDone) this.#transmit(FrameType.BYE, NOTHING, now);
  }

  #advanceControl(now: number): boolean {
    const { rekey } = this.#control;
    // No frame has verified under the last key: ask for one.
    if (rekey.isWanted && !this.#keys.settled) this.#control.request({ type: "ping" }, now);
    const frame = this.#control.take(now);
    if (frame !== null) {
      this.#transmit(frame.type, frame.plaintext, now);
      return true;
    }
    if (!rekey.isWanted || !this.#mayRekey || !rekey.mayStart(now)) return false;
    this.#sendRekey(now);
    return true;
  }

  get #mayRekey(): boolean {
    const isQuiet = this.#sender.isIdle && !this.#reassembly.holdsPartialMessage;
    return isQuiet && !this.#held && this.#cipher.isDecided && this.#keys.settled;
  }

  #sendRekey(now: number): void {
    const salt = this.#rekey.start(now);
    if (salt === null) throw this.#sender.exhausted();
    this.#transmit(FrameType.REKEY, salt, now);
  }

  /** Whether the frame in flight can only be followed by one of a message, under the same key. */
  get #messageIsNext(): boolean {
    if (this.#messages.isWithinMessage) return true;
    const { awaitsUtack, awaitsSwitch } = this.#keys;
    return (
      this.#control.isEmpty &&
      !this.#messages.startsFragmented &&
      !this.#control.rekey.isWanted &&
      !awaitsUtack &&
      !awaitsSwitch
    );
  }

  #transmit(type: SessionType, plaintext: Uint8Array, now: number): void {
    this.#sender.transmit(type, plaintext, now);
    this.#control.sent(now);
  }
}

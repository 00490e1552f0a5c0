import { orderlyEnd, UsmpError } from "../../errors.js";
import { copyOf } from "../wire/bytes.js";
import { CipherNegotiation } from "../session/cipher-negotiation.js";
import { ControlPlane } from "../session/control-plane.js";
import type { ConnectionEvent, SessionRequest } from "../events.js";
import type { Frame } from "../wire/frame.js";
import type { HandshakeResult } from "../handshake/key-derivation.js";
import type { StreamOutbox } from "./stream-outbox.js";
import { StreamReassembly } from "./stream-reassembly.js";
import { StreamKeys } from "./stream-keys.js";
import { requireRekeySalt } from "../session/rekey-kdf.js";
import { requireMessageLength, type SessionOptions } from "../session/session-options.js";
import {
  type ControlType,
  FORBIDDEN_SEQ,
  FrameType,
  frameTypeName,
  HEADER_LENGTH,
  isHandshakeType,
  isSessionType,
  LAST_SEQ,
  MAX_PLAINTEXT_LENGTH,
  REKEY_SALT_LENGTH,
  SEALED_OVERHEAD,
  sealsNothing,
  type SessionType,
} from "../wire/wire.js";

const NOTHING = new Uint8Array(0);

/**
 * An established session on a reliable stream (§4, §5.1, §7), without I/O: frames and the time go in; sealed frames, in
 * the outbox, and events come out. A method that throws has ended the session: its owner closes the connection and
 * calls `wipe`.
 *
 * Messages are held unsealed until the gateway knows which cipher the device speaks. They leave in the order of
 * sending.
 */
export class StreamSession {
  readonly #crypto: SessionOptions["crypto"];
  readonly #keys: StreamKeys;
  readonly #control: ControlPlane;
  readonly #reassembly = new StreamReassembly();
  readonly #outbox: StreamOutbox;
  readonly #emit: (event: ConnectionEvent) => void;
  readonly #cipher: CipherNegotiation;
  /** Messages that wait for the cipher, and their length in bytes as sealed frames. */
  #held: Uint8Array[] = [];
  #heldLength = 0;

  /** Takes over the keys of `agreed`. */
  constructor(
    options: SessionOptions,
    agreed: HandshakeResult,
    outbox: StreamOutbox,
    emit: (event: ConnectionEvent) => void,
    now: number,
  ) {
    this.#crypto = options.crypto;
    this.#cipher = CipherNegotiation.of(options.cipher);
    this.#cipher.start(now);
    const context = { crypto: options.crypto, cipher: this.#cipher, sessionId: agreed.sessionId };
    this.#keys = new StreamKeys(context, options.role, agreed);
    this.#control = new ControlPlane(options, emit, now);
    this.#outbox = outbox;
    this.#emit = emit;
  }

  /** Bytes of the messages that wait for the cipher, as sealed frames. */
  get heldLength(): number {
    return this.#heldLength;
  }

  /**
   * Seals a message of at most 1808 bytes (borrowed) as one to four consecutive frames. If the cipher is not known yet,
   * holds a copy until it is.
   * @throws UsmpError PAYLOAD_TOO_LARGE: nothing was sent, and the session continues. SEQ_EXHAUSTED: it has ended.
   */
  send(message: Uint8Array, now: number): void {
    requireMessageLength(message.length);
    if (!this.#cipher.isDecided) {
      this.#held.push(copyOf(message));
      this.#heldLength += sealedLength(message.length);
      return this.#advance(now);
    }
    // A due rotation comes first: the message is then the first one under the new keys.
    this.#advanceRekey(now);
    this.#seal(message);
    this.#control.sent(now);
  }

  request(request: SessionRequest, now: number): void {
    this.#control.request(request, now);
    this.#advance(now);
  }

  /** Sends what was held, then BYE, which is the last frame of a session. */
  bye(): void {
    this.#cipher.guess();
    this.#sealHeld();
    if (this.#keys.tx.nextSeq <= LAST_SEQ) this.#keys.tx.seal(FrameType.BYE, NOTHING, this.#outbox);
  }

  /**
   * Takes a frame (borrowed) of the peer. Emits synchronously.
   * @throws UsmpError with the code of a violation, or BYE: the session is over.
   */
  receive(frame: Frame, now: number): void {
    const { type } = frame;
    requireSessionType(type);
    const plaintext = this.#open(frame, now);
    switch (type) {
      case FrameType.DATA:
        this.#emit({ type: "message", data: this.#reassembly.finish(plaintext) });
        break;
      case FrameType.DATA_FRAG:
        this.#reassembly.addFragment(plaintext);
        break;
      case FrameType.BYE:
        throw orderlyEnd("BYE", "the peer ended the session");
      default:
        this.#takeControl(type, plaintext, now);
    }
    this.#advanceRekey(now);
  }

  /** The link has ended without BYE. */
  linkEnded(): void {
    this.#cipher.reportPeerGone();
  }

  /** Does what is due at `now`. @throws UsmpError TIMEOUT if the peer has been silent for too long. */
  handleDeadline(now: number): void {
    // After a whole keepalive interval of silence, nothing waits for the cipher.
    if (this.#control.handleDeadline(now)) this.#cipher.guess();
    this.#advance(now);
  }

  /** When `handleDeadline` has something to do; `Infinity` if nothing is planned. */
  nextDeadline(): number {
    const canRekey = this.#cipher.isDecided && this.#keys.settled && !this.#reassembly.holdsPartialMessage;
    return Math.min(this.#control.nextDeadline(canRekey), this.#wantsToSend ? this.#cipher.dueAt : Infinity);
  }

  /** See {@link ControlPlane.setReading}. */
  setReading(reading: boolean, now: number): void {
    this.#control.setReading(reading, now);
  }

  /** See {@link PingScheduler.setCongested}. */
  setCongested(congested: boolean, now: number): void {
    this.#control.setCongested(congested);
    this.#advance(now);
  }

  /** Wipes all keys. Call no other method afterwards. */
  wipe(): void {
    this.#keys.wipe();
  }

  #open(frame: Frame, now: number): Uint8Array {
    const { type } = frame;
    const payloadLength = frame.bytes.length - HEADER_LENGTH;
    if (payloadLength < SEALED_OVERHEAD) {
      throw new UsmpError(
        "FRAME",
        `a session frame with ${payloadLength} payload bytes; the least is ${SEALED_OVERHEAD}`,
      );
    }
    const waited = !this.#cipher.isDecided;
    const { plaintext, firstUnderNewKey } = this.#keys.open(frame);
    if (frame.seq === FORBIDDEN_SEQ)
      throw new UsmpError("SEQUENCE", "the peer used the last sequence number, which is reserved");
    if (sealsNothing(type) && plaintext.length > 0)
      throw new UsmpError("CRYPTO", `${frameTypeName(type)} with ${plaintext.length} bytes; it carries none`);
    if (firstUnderNewKey && this.#reassembly.holdsPartialMessage) {
      throw new UsmpError("FRAGMENT", "the peer changed keys in the middle of a message");
    }
    this.#control.heard(now);
    // What waited for the cipher leaves before any answer.
    if (waited) this.#sendWaiting(now);
    return plaintext;
  }

  #takeControl(type: ControlType | typeof FrameType.REKEY, plaintext: Uint8Array, now: number): void {
    if (this.#reassembly.holdsPartialMessage) {
      throw new UsmpError("FRAGMENT", `the peer sent ${frameTypeName(type)} in the middle of a message`);
    }
    this.#control.admit(now);
    if (type === FrameType.REKEY) {
      requireRekeySalt(plaintext);
      this.#control.rekey.rotated(now);
      if (this.#keys.respond(plaintext)) this.#emit({ type: "rekeyed", by: "peer" });
    } else {
      this.#control.receive({ type, plaintext }, now);
      this.#sendWaiting(now);
    }
  }

  #seal(message: Uint8Array): void {
    const frames = framesOf(message.length);
    this.#needSeqs(frames);
    for (let frame = 1; frame < frames; frame++) {
      const chunk = message.subarray((frame - 1) * MAX_PLAINTEXT_LENGTH, frame * MAX_PLAINTEXT_LENGTH);
      this.#keys.tx.seal(FrameType.DATA_FRAG, chunk, this.#outbox);
    }
    const last = frames === 1 ? message : message.subarray((frames - 1) * MAX_PLAINTEXT_LENGTH);
    this.#keys.tx.seal(FrameType.DATA, last, this.#outbox);
  }

  /** Sends what waits, then starts the rotation that is due. */
  #advance(now: number): void {
    // If the cipher is unknown, output that has waited for 500 ms makes it a guess.
    if (this.#wantsToSend && this.#cipher.decideIfDue(now)) this.#sendWaiting(now);
    this.#advanceRekey(now);
  }

  /** Whether anything waits for the cipher, or for its turn. */
  get #wantsToSend(): boolean {
    return this.#heldLength > 0 || !this.#control.isEmpty || this.#control.rekey.isWanted;
  }

  /** Sends held messages, then control frames. Call it only if the cipher is known. */
  #sendWaiting(now: number): void {
    this.#sealHeld();
    for (let frame = this.#control.take(now); frame !== null; frame = this.#control.take(now)) {
      this.#needSeqs(1);
      this.#keys.tx.seal(frame.type, frame.plaintext, this.#outbox);
      this.#control.sent(now);
    }
  }

  #sealHeld(): void {
    const held = this.#held;
    this.#held = [];
    this.#heldLength = 0;
    for (const message of held) this.#seal(message);
  }

  /** Starts the REKEY that is wanted, or due, if nothing forbids it. The next frame or deadline tries again. */
  #advanceRekey(now: number): void {
    const { rekey } = this.#control;
    if (!rekey.judge(this.#keys.frames, now) || !this.#cipher.isDecided) return;
    if (this.#reassembly.holdsPartialMessage) return;
    if (!this.#keys.settled) {
      // No frame has verified under the last key: ask for one.
      this.#control.request({ type: "ping" }, now);
      return this.#sendWaiting(now);
    }
    if (!rekey.mayStart(now)) return;
    this.#needSeqs(1);
    const salt = this.#crypto.randomBytes(REKEY_SALT_LENGTH);
    this.#keys.tx.seal(FrameType.REKEY, salt, this.#outbox);
    this.#keys.initiate(salt);
    this.#control.sent(now);
    rekey.started(now);
    this.#emit({ type: "rekeyed", by: "self" });
  }

  /** Keeps the last number for BYE (§4). */
  #needSeqs(count: number): void {
    if (this.#keys.tx.nextSeq + count > LAST_SEQ) {
      throw new UsmpError(
        "SEQ_EXHAUSTED",
        "the session has used up its sequence numbers: reconnect, and rotate keys with rekey() sooner",
      );
    }
  }
}

/** @throws UsmpError HANDSHAKE or FRAME for any other type. */
function requireSessionType(type: number): asserts type is SessionType {
  if (isHandshakeType(type)) throw new UsmpError("HANDSHAKE", `the peer sent ${frameTypeName(type)} within a session`);
  if (!isSessionType(type))
    throw new UsmpError("FRAME", `the peer sent a frame of unknown type ${frameTypeName(type)}`);
}

/** How many frames a message of `length` bytes takes. */
function framesOf(length: number): number {
  return Math.max(1, Math.ceil(length / MAX_PLAINTEXT_LENGTH));
}

function sealedLength(length: number): number {
  return length + framesOf(length) * (HEADER_LENGTH + SEALED_OVERHEAD);
}

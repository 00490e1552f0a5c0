import { orderlyEnd, UsmpError } from "../../errors.js";
import { copyOf } from "../wire/bytes.js";
import { CipherNegotiation } from "../session/cipher-negotiation.js";
import { ControlRateLimiter } from "../session/control-rate-limiter.js";
import type { ConnectionEvent } from "../events.js";
import type { Frame } from "../wire/frame.js";
import type { HandshakeResult } from "../handshake/key-derivation.js";
import { Keepalive, PING_INTERVAL_MS } from "../session/keepalive.js";
import type { StreamOutbox } from "./stream-outbox.js";
import { StreamReassembly } from "./stream-reassembly.js";
import { StreamKeys } from "./stream-keys.js";
import { RekeyPolicy } from "../session/rekey-policy.js";
import { requireMessageLength, type SessionOptions } from "../session/session-options.js";
import {
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
} from "../wire/wire.js";

const NOTHING = new Uint8Array(0);

/** PINGs that piled up in a pause arrive at once: beyond this many in a second one PONG answers the rest, or it would be a flood. */
const MAX_PONGS = 8;
const PONG_WINDOW_MS = 1_000;

/**
 * An established session on a reliable stream (§4, §5, §7), without I/O: frames and the time in, sealed frames into the
 * outbox and events out. A method that throws has found the end of the session; its owner says so and calls `wipe`.
 *
 * Where the gateway does not know yet which cipher the device speaks, messages are held unsealed; what is first in the outbox
 * is then what was sent first.
 */
export class StreamSession {
  readonly #crypto: SessionOptions["crypto"];
  readonly #keys: StreamKeys;
  readonly #keepalive: Keepalive;
  readonly #control: ControlRateLimiter;
  readonly #reassembly = new StreamReassembly();
  readonly #outbox: StreamOutbox;
  readonly #emit: (event: ConnectionEvent) => void;
  readonly #cipher: CipherNegotiation;
  readonly #rekey: RekeyPolicy;
  /** Messages that wait for the cipher, and how long they will be when they are sealed. */
  #held: Uint8Array[] = [];
  #heldLength = 0;
  #congested = false;
  #pongOwed = false;
  /** How many PONGs went out since when. */
  #pongs = 0;
  #pongsSince = -Infinity;
  #pingWanted = false;
  #pingedAt = -Infinity;

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
    this.#rekey = new RekeyPolicy(options.rotation ?? null, now);
    this.#keepalive = new Keepalive(options.keepalive, now);
    this.#control = new ControlRateLimiter(now);
    this.#outbox = outbox;
    this.#emit = emit;
  }

  /** Bytes that the messages will be which wait for the cipher. */
  get heldLength(): number {
    return this.#heldLength;
  }

  /**
   * Seals a message of at most 1808 bytes (borrowed) as one to four frames that nothing can come between; where the cipher is
   * not known yet, holds a copy until it is.
   * @throws UsmpError PAYLOAD_TOO_LARGE, with nothing sent and the session as it was; SEQ_EXHAUSTED, which ends it.
   */
  send(message: Uint8Array, now: number): void {
    requireMessageLength(message.length);
    if (!this.#canSeal(now)) {
      this.#held.push(copyOf(message));
      this.#heldLength += sealedLength(message.length);
      return;
    }
    // Old keys make way before the message, which is then the new ones' first.
    this.#advanceRekey(now);
    this.#seal(message);
    this.#keepalive.sent(now);
  }

  /** See {@link Keepalive.setPingAfter}. */
  setPingAfter(pingAfterMs: number): void {
    this.#keepalive.setPingAfter(pingAfterMs);
  }

  /** Sends PING as soon as the peer's patience allows; where one is unanswered, its "pong" event answers both. */
  ping(now: number): void {
    this.#pingWanted = !this.#keepalive.awaitsPong;
    this.#advancePing(now);
  }

  /** Rotates the keys as soon as the rules allow; "rekeyed" says when. Asking twice before that is asking once. */
  rekey(now: number): void {
    this.#rekey.want();
    this.#advanceRekey(now);
  }

  /** Sends BYE, behind what was held. The last thing that a session sends. */
  bye(): void {
    this.#guess();
    if (this.#keys.tx.nextSeq <= LAST_SEQ) this.#keys.tx.seal(FrameType.BYE, NOTHING, this.#outbox);
  }

  /**
   * Takes a frame (borrowed) of the peer.
   * @throws UsmpError with the code of the violation, or BYE: the session is over.
   */
  receive(frame: Frame, now: number): void {
    const plaintext = this.#open(frame, now);
    switch (frame.type) {
      case FrameType.DATA:
        this.#emit({ type: "message", data: this.#reassembly.finish(plaintext) });
        break;
      case FrameType.DATA_FRAG:
        this.#reassembly.addFragment(plaintext);
        break;
      case FrameType.BYE:
        throw orderlyEnd("BYE", "the peer ended the session");
      default:
        this.#takeControl(frame.type, plaintext, now);
    }
    this.#advanceRekey(now);
  }

  /** The link has ended without BYE. */
  linkEnded(): void {
    this.#cipher.reportPeerGone();
  }

  /** Does what is due. @throws UsmpError TIMEOUT where the peer has been silent for too long. */
  handleDeadline(now: number): void {
    switch (this.#keepalive.judge(now)) {
      case "lost":
        throw new UsmpError("TIMEOUT", "the peer has shown no sign of life: it is gone, or the network between is");
      case "ping":
        this.#sendPing(now);
        break;
      case "pong":
        this.#sendPong(now);
        break;
      case "quiet":
    }
    if (this.#heldLength > 0) this.#canSeal(now);
    this.#advancePong(now);
    this.#advancePing(now);
    this.#advanceRekey(now);
  }

  /** When `handleDeadline` has something to do; `Infinity` where never. */
  nextDeadline(): number {
    const keepalive = this.#keepalive.nextDeadline();
    if (!this.#cipher.isDecided) return this.#wantsCipher ? Math.min(keepalive, this.#cipher.dueAt) : keepalive;
    const ping = this.#pingWanted ? this.#pingedAt + PING_INTERVAL_MS : Infinity;
    const pong = this.#pongOwed && !this.#congested ? this.#pongsSince + PONG_WINDOW_MS : Infinity;
    const rekey = this.#rekey.nextDeadline(this.#keys.settled && !this.#reassembly.holdsPartialMessage);
    return Math.min(keepalive, ping, pong, rekey);
  }

  /** The application reads, or does not: while it does not, the peer is not expected to be heard. */
  setReading(reading: boolean, now: number): void {
    if (reading) this.#control.credit(this.#keepalive.resume(now));
    else this.#keepalive.pause(now);
  }

  /** What is sent piles up, or does no more: a peer that sends PING and does not read must not fill our memory with PONGs. */
  setCongested(congested: boolean, now: number): void {
    this.#congested = congested;
    this.#advancePong(now);
  }

  /** Forgets all keys. Nothing else may be called afterwards. */
  wipe(): void {
    this.#keys.wipe();
  }

  #open(frame: Frame, now: number): Uint8Array {
    const { type } = frame;
    if (isHandshakeType(type))
      throw new UsmpError("HANDSHAKE", `the peer sent ${frameTypeName(type)} within a session`);
    if (!isSessionType(type))
      throw new UsmpError("FRAME", `the peer sent a frame of unknown type ${frameTypeName(type)}`);
    const payloadLength = frame.bytes.length - HEADER_LENGTH;
    if (payloadLength < SEALED_OVERHEAD) {
      throw new UsmpError(
        "FRAME",
        `a session frame with ${payloadLength} payload bytes; it has at least ${SEALED_OVERHEAD}`,
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
    this.#keepalive.heard(now);
    if (waited) {
      // What waited for the cipher goes before any answer.
      this.#sealHeld();
      this.#advancePing(now);
    }
    return plaintext;
  }

  #takeControl(type: number, plaintext: Uint8Array, now: number): void {
    if (this.#reassembly.holdsPartialMessage) {
      throw new UsmpError("FRAGMENT", `the peer sent ${frameTypeName(type)} in the middle of a message`);
    }
    if (!this.#control.tryTake(now)) throw new UsmpError("FLOOD", "the peer floods us with control frames");
    switch (type) {
      case FrameType.PING:
        this.#sendPong(now);
        break;
      case FrameType.PONG: {
        const roundTripMs = this.#keepalive.ponged(now);
        if (roundTripMs !== null) this.#emit({ type: "pong", roundTripMs });
        break;
      }
      case FrameType.REKEY:
        if (plaintext.length !== REKEY_SALT_LENGTH) {
          throw new UsmpError("CRYPTO", `REKEY with a salt of ${plaintext.length} bytes; it has ${REKEY_SALT_LENGTH}`);
        }
        this.#rekey.rotated(now);
        if (this.#keys.respond(plaintext)) this.#emit({ type: "rekeyed", by: "peer" });
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

  /** Whether the cipher is known, or had to be guessed now; what was held leaves first then. */
  #canSeal(now: number): boolean {
    if (this.#cipher.isDecided) return true;
    if (!this.#cipher.decideIfDue(now)) return false;
    this.#sealHeld();
    return true;
  }

  #guess(): void {
    if (this.#cipher.isDecided) return;
    this.#cipher.guess();
    this.#sealHeld();
  }

  #sealHeld(): void {
    const held = this.#held;
    this.#held = [];
    this.#heldLength = 0;
    for (const message of held) this.#seal(message);
  }

  /** Whether something is to be sent as soon as it can be sealed. */
  get #wantsCipher(): boolean {
    return this.#heldLength > 0 || this.#pingWanted || this.#rekey.isWanted;
  }

  /** Starts the REKEY that is wanted, or due, where nothing stands against it; the next frame or deadline asks again. */
  #advanceRekey(now: number): void {
    if (!this.#rekey.judge(this.#keys.frames, now)) return;
    if (this.#reassembly.holdsPartialMessage || !this.#canSeal(now)) return;
    if (!this.#keys.settled) {
      // No frame has verified under the last key: ask for one.
      this.ping(now);
      return;
    }
    if (!this.#rekey.mayStart(now)) return;
    this.#needSeqs(1);
    const salt = this.#crypto.randomBytes(REKEY_SALT_LENGTH);
    this.#keys.tx.seal(FrameType.REKEY, salt, this.#outbox);
    this.#keys.initiate(salt);
    this.#keepalive.sent(now);
    this.#rekey.started(now);
    this.#emit({ type: "rekeyed", by: "self" });
  }

  #advancePing(now: number): void {
    if (this.#pingWanted && this.#canSeal(now) && now >= this.#pingedAt + PING_INTERVAL_MS) this.#sendPing(now);
  }

  #sendPing(now: number): void {
    this.#pingWanted = false;
    if (!this.#keepalive.ask(now)) return;
    this.#pingedAt = now;
    this.#sendControl(FrameType.PING, now);
  }

  /** At once; or one for many, where PINGs come in a burst or what is sent piles up. */
  #sendPong(now: number): void {
    this.#pongOwed = true;
    // It is not due again before the time is up, whether or not it can leave now.
    if (this.#congested) this.#keepalive.sent(now);
    this.#advancePong(now);
  }

  #advancePong(now: number): void {
    if (!this.#pongOwed || this.#congested) return;
    if (now >= this.#pongsSince + PONG_WINDOW_MS) {
      this.#pongsSince = now;
      this.#pongs = 0;
    }
    if (this.#pongs === MAX_PONGS) return;
    this.#pongs++;
    this.#pongOwed = false;
    this.#sendControl(FrameType.PONG, now);
  }

  #sendControl(type: typeof FrameType.PING | typeof FrameType.PONG, now: number): void {
    this.#needSeqs(1);
    // After a whole keepalive interval of silence the cipher is not waited for any longer.
    this.#guess();
    this.#keys.tx.seal(type, NOTHING, this.#outbox);
    this.#keepalive.sent(now);
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

/** Of a message of this length. */
function framesOf(length: number): number {
  return Math.max(1, Math.ceil(length / MAX_PLAINTEXT_LENGTH));
}

function sealedLength(length: number): number {
  return length + framesOf(length) * (HEADER_LENGTH + SEALED_OVERHEAD);
}

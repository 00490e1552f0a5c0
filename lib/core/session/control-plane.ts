import { UsmpError } from "../../errors.js";
import type { ConnectionEvent, SessionRequest } from "../events.js";
import { Keepalive } from "./keepalive.js";
import { PingScheduler } from "./ping-scheduler.js";
import { RekeyPolicy } from "./rekey-policy.js";
import type { SessionOptions } from "./session-options.js";
import { TokenBucket } from "../token-bucket.js";
import { FrameType, type ControlType } from "../wire/wire.js";

/**
 * Control frames of the peer cost work and deliver nothing (§4.5). What accrues while the event loop stands still is
 * bounded.
 */
const CONTROL_RATE = { perSecond: 8, burst: 64, tokens: 8 };

/**
 * While this end does not read, a well-behaved peer sends a PING every 30 s and, if it does not read either, a PONG
 * every 20 s. All of them arrive at once, and are no flood.
 */
const PAUSED_MS_PER_FRAME = 10_000;

const NOTHING = new Uint8Array(0);

export interface ControlFrame {
  readonly type: ControlType;
  readonly plaintext: Uint8Array;
}

/**
 * The part of a session that is the same over streams and datagrams (§4): keepalive, PING and PONG, when to rotate the
 * keys, and the limit on the peer's control frames. It seals nothing: the session takes each frame when it can send
 * one.
 */
export class ControlPlane {
  readonly rekey: RekeyPolicy;
  readonly #keepalive: Keepalive;
  readonly #limiter: TokenBucket;
  readonly #pings: PingScheduler;
  readonly #emit: (event: ConnectionEvent) => void;

  constructor({ keepalive, rotation }: SessionOptions, emit: (event: ConnectionEvent) => void, now: number) {
    this.rekey = new RekeyPolicy(rotation ?? null, now);
    this.#keepalive = new Keepalive(keepalive, now);
    this.#limiter = new TokenBucket(CONTROL_RATE, now);
    this.#pings = new PingScheduler(this.#keepalive);
    this.#emit = emit;
  }

  /** Whether a PING is unanswered. */
  get awaitsPong(): boolean {
    return this.#keepalive.awaitsPong;
  }

  /** Whether no control frame waits for its turn. REKEY is the session's own. */
  get isEmpty(): boolean {
    return this.#pings.isEmpty;
  }

  request(request: SessionRequest, now: number): void {
    switch (request.type) {
      case "ping":
        return this.#pings.requestPing(now);
      case "pingAfter":
        return this.#keepalive.setPingAfter(request.ms);
      case "rekey":
        return this.rekey.want();
    }
  }

  /** The session has sent a frame. */
  sent(now: number): void {
    this.#keepalive.sent(now);
  }

  /** A frame of the peer, of any type, has verified. */
  heard(now: number): void {
    this.#keepalive.heard(now);
  }

  /** Counts a control frame of the peer. @throws UsmpError FLOOD if the peer has sent too many. */
  admit(now: number): void {
    if (!this.#limiter.tryTake(now)) throw new UsmpError("FLOOD", "the peer floods us with control frames");
  }

  /** Takes a verified control frame other than REKEY and BYE. */
  receive({ type }: ControlFrame, now: number): void {
    switch (type) {
      case FrameType.PING:
        this.#pings.requestPong(now);
        break;
      case FrameType.PONG: {
        const roundTripMs = this.#keepalive.ponged(now);
        if (roundTripMs !== null) this.#emit({ type: "pong", roundTripMs });
      }
    }
  }

  /** The control frame to send next, or null. */
  take(now: number): ControlFrame | null {
    const type = this.#pings.take(now);
    return type === null ? null : { type, plaintext: NOTHING };
  }

  /** While the application does not read, the peer is not expected to be heard. */
  setReading(reading: boolean, now: number): void {
    if (reading) this.#limiter.credit(this.#keepalive.resume(now) / PAUSED_MS_PER_FRAME);
    else this.#keepalive.pause(now);
  }

  /** See {@link PingScheduler.setCongested}. */
  setCongested(congested: boolean): void {
    this.#pings.setCongested(congested);
  }

  /**
   * Schedules what is due at `now`. Returns whether the keepalive is: it wants a PING or PONG.
   * @throws UsmpError TIMEOUT if the peer has been silent for too long. Its cause is `trouble`.
   */
  handleDeadline(now: number, trouble?: UsmpError): boolean {
    const verdict = this.#keepalive.judge(now);
    switch (verdict) {
      case "lost": {
        const message = "the peer has shown no sign of life: it is gone, or the network between is";
        throw new UsmpError("TIMEOUT", message, { cause: trouble });
      }
      case "ping":
        this.#pings.pingNow(now);
        break;
      case "pong":
        this.#pings.requestPong(now);
        break;
      case "quiet":
    }
    this.#pings.advance(now);
    return verdict !== "quiet";
  }

  /** When `handleDeadline`, or a REKEY (`canRekey`: its keys allow one), is due; `Infinity` if nothing is. */
  nextDeadline(canRekey: boolean): number {
    return Math.min(this.#keepalive.nextDeadline(), this.#pings.nextDeadline(), this.rekey.nextDeadline(canRekey));
  }
}

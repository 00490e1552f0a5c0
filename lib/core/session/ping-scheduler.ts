import { PING_INTERVAL_MS, type Keepalive } from "./keepalive.js";
import { FrameType } from "../wire/wire.js";

/**
 * PINGs that piled up while this end did not read arrive at once. Answering each would be a flood to the peer (§9), so
 * beyond this many PONGs in a second, one answers the rest.
 */
const MAX_PONGS = 8;
const PONG_WINDOW_MS = 1_000;

/** Decides which PING or PONG leaves next. Requests wait until the peer's limits allow them, then for their turn. */
export class PingScheduler {
  readonly #keepalive: Keepalive;
  #congested = false;
  #pongOwed = false;
  /** PONGs sent since `#pongsSince`. */
  #pongs = 0;
  #pongsSince = -Infinity;
  /** Requested, and not yet allowed. */
  #pingWanted = false;
  /** Allowed, and waiting for its turn. */
  #pingDue = false;
  #pingedAt = -Infinity;

  /** `keepalive` is the session's. */
  constructor(keepalive: Keepalive) {
    this.#keepalive = keepalive;
  }

  /** Whether nothing waits for its turn. */
  get isEmpty(): boolean {
    return !this.#pongOwed && !this.#pingDue;
  }

  /** Several requests before a PONG leaves are one. */
  requestPong(now: number): void {
    this.#pongOwed = true;
    // Counts as sent, whether or not it can leave now: the keepalive must not ask for another one.
    this.#keepalive.sent(now);
  }

  /** Requests a PING as soon as the peer's limits allow, unless one is unanswered. */
  requestPing(now: number): void {
    this.#pingWanted = !this.#keepalive.awaitsPong;
    this.advance(now);
  }

  /** Requests a PING at once, unless the peer has too many of them unread. */
  pingNow(now: number): void {
    this.#pingWanted = false;
    if (!this.#keepalive.ask(now)) return;
    this.#pingedAt = now;
    this.#pingDue = true;
  }

  /** While output piles up, PONGs wait: a peer that sends PING and does not read must not fill our memory with them. */
  setCongested(congested: boolean): void {
    this.#congested = congested;
  }

  /** Applies what the passing of time allows. */
  advance(now: number): void {
    if (this.#pingWanted && now >= this.#pingedAt + PING_INTERVAL_MS) this.pingNow(now);
    if (this.#pongs > 0 && now >= this.#pongsSince + PONG_WINDOW_MS) this.#pongs = 0;
  }

  /** The frame whose turn it is at `now`, or null. */
  take(now: number): typeof FrameType.PONG | typeof FrameType.PING | null {
    if (this.#pongOwed && !this.#congested && this.#countPong(now)) {
      this.#pongOwed = false;
      return FrameType.PONG;
    }
    if (!this.#pingDue) return null;
    this.#pingDue = false;
    return FrameType.PING;
  }

  /** When `advance` has something to do; `Infinity` if nothing is planned. */
  nextDeadline(): number {
    const ping = this.#pingWanted ? this.#pingedAt + PING_INTERVAL_MS : Infinity;
    const isLimited = this.#pongOwed && !this.#congested && this.#pongs === MAX_PONGS;
    return Math.min(ping, isLimited ? this.#pongsSince + PONG_WINDOW_MS : Infinity);
  }

  #countPong(now: number): boolean {
    this.advance(now);
    if (this.#pongs === MAX_PONGS) return false;
    if (this.#pongs === 0) this.#pongsSince = now;
    this.#pongs++;
    return true;
  }
}

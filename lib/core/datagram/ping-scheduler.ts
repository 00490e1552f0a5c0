import { PING_INTERVAL_MS, type Keepalive } from "../session/keepalive.js";
import { FrameType } from "../wire/wire.js";

/** The PINGs and PONGs of a session over datagrams, from the wish to their turn: one frame is in flight at a time. */
export class PingScheduler {
  readonly #keepalive: Keepalive;
  #pongOwed = false;
  /** Asked for, until the peer's patience allows it; and allowed, until its turn comes. */
  #pingWanted = false;
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

  requestPong(now: number): void {
    this.#pongOwed = true;
    // It is not due again before the time is up, whether or not it can leave now.
    this.#keepalive.sent(now);
  }

  /** A PING as soon as the peer's patience allows, unless one is unanswered. */
  requestPing(now: number): void {
    this.#pingWanted = !this.#keepalive.awaitsPong;
    this.advance(now);
  }

  /** A PING at once. */
  pingNow(now: number): void {
    this.#pingedAt = now;
    if (this.#keepalive.ask(now)) this.#pingDue = true;
  }

  /** Does what time allows. */
  advance(now: number): void {
    if (!this.#pingWanted || now < this.#pingedAt + PING_INTERVAL_MS) return;
    this.#pingWanted = false;
    this.pingNow(now);
  }

  /** The frame whose turn it is, or null. */
  take(): typeof FrameType.PONG | typeof FrameType.PING | null {
    if (this.#pongOwed) {
      this.#pongOwed = false;
      return FrameType.PONG;
    }
    if (!this.#pingDue) return null;
    this.#pingDue = false;
    return FrameType.PING;
  }

  /** When `advance` has something to do; `Infinity` where never. */
  nextDeadline(): number {
    return this.#pingWanted ? this.#pingedAt + PING_INTERVAL_MS : Infinity;
  }
}

/** When to send PING, and when to give the peer up (§4.6). All durations in milliseconds; 0: never. */
export interface KeepaliveOptions {
  /** PING after this long without sending. */
  readonly pingAfterTxIdleMs: number;
  /** PING after this long without a frame that verifies. A device that only sends notices a dead gateway this way. */
  readonly pingAfterRxIdleMs: number;
  /** Give up if no frame has verified for this long after a PING. */
  readonly pongTimeoutMs: number;
  /** Give up if no frame has verified for this long. */
  readonly idleTimeoutMs: number;
}

/** The least time between two PINGs. Peers end a session at the ninth control frame in a second (§9.1). */
export const PING_INTERVAL_MS = 300;

/** While this end does not read, it sends unsolicited PONGs at this interval: a PING would go unanswered. */
const PAUSED_PONG_MS = 20_000;

/** PINGs that may be unanswered. Peers end a session that has nine control frames unread at one time (§9.1). */
const MAX_UNPONGED = 4;

type KeepaliveVerdict = "lost" | "ping" | "pong" | "quiet";

/**
 * Decides when to send PING and when the peer is lost. It compares timestamps, so a clock that jumped or an event loop
 * that stood still changes no decision.
 */
export class Keepalive {
  #options: KeepaliveOptions;
  #sentAt: number;
  #heardAt: number;
  /** Time of the unanswered PING; null if none is outstanding. Only one is sent at a time. */
  #askedAt: number | null = null;
  /** Times of the PINGs that no PONG has answered. */
  #unponged: number[] = [];
  #pausedAt: number | null = null;

  constructor(options: KeepaliveOptions, now: number) {
    this.#options = options;
    this.#sentAt = now;
    this.#heardAt = now;
  }

  /**
   * Sets both PING intervals, in milliseconds; 0: never. An interval below {@link PING_INTERVAL_MS} becomes that.
   * An outstanding PING keeps its timeout.
   */
  setPingAfter(pingAfterMs: number): void {
    const ms = pingAfterMs === 0 ? 0 : Math.max(pingAfterMs, PING_INTERVAL_MS);
    this.#options = { ...this.#options, pingAfterTxIdleMs: ms, pingAfterRxIdleMs: ms };
  }

  /** Whether a PING is unanswered. */
  get awaitsPong(): boolean {
    return this.#unponged.length > 0;
  }

  sent(now: number): void {
    this.#sentAt = now;
  }

  /** A frame of any type has verified. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#askedAt = null;
  }

  /** Starts waiting for the peer. Returns true if a PING should be sent, false if 4 are already unanswered. */
  ask(now: number): boolean {
    this.#askedAt = now;
    if (this.#unponged.length >= MAX_UNPONGED) return false;
    this.#unponged.push(now);
    return true;
  }

  /** A PONG answers every PING so far. Returns the round trip of the first in milliseconds, or null if none was out. */
  ponged(now: number): number | null {
    const pingAt = this.#unponged[0];
    this.#unponged = [];
    return pingAt === undefined ? null : now - pingAt;
  }

  /** While the application does not read, no frame of the peer is seen: its deadlines stand still. */
  pause(now: number): void {
    this.#pausedAt ??= now;
  }

  /** Ends the pause. Returns its length in milliseconds, 0 if there was none. */
  resume(now: number): number {
    if (this.#pausedAt === null) return 0;
    const pausedMs = now - this.#pausedAt;
    this.#pausedAt = null;
    this.#heardAt = now;
    if (this.#askedAt !== null) this.#askedAt = now;
    return pausedMs;
  }

  /** What is due at `now`. */
  judge(now: number): KeepaliveVerdict {
    if (now >= this.#lostAt()) return "lost";
    if (now >= this.#pingDueAt()) return "ping";
    return now >= this.#pongDueAt() ? "pong" : "quiet";
  }

  /** When `judge` may next return something other than "quiet"; `Infinity` if never. */
  nextDeadline(): number {
    return Math.min(this.#lostAt(), this.#pingDueAt(), this.#pongDueAt());
  }

  #lostAt(): number {
    if (this.#pausedAt !== null) return Infinity;
    const { idleTimeoutMs, pongTimeoutMs } = this.#options;
    const idle = after(this.#heardAt, idleTimeoutMs);
    return this.#askedAt === null ? idle : Math.min(idle, after(this.#askedAt, pongTimeoutMs));
  }

  #pingDueAt(): number {
    if (this.#pausedAt !== null || this.#askedAt !== null) return Infinity;
    const { pingAfterTxIdleMs, pingAfterRxIdleMs } = this.#options;
    return Math.min(after(this.#sentAt, pingAfterTxIdleMs), after(this.#heardAt, pingAfterRxIdleMs));
  }

  #pongDueAt(): number {
    return this.#pausedAt === null ? Infinity : this.#sentAt + PAUSED_PONG_MS;
  }
}

function after(since: number, durationMs: number): number {
  return durationMs === 0 ? Infinity : since + durationMs;
}

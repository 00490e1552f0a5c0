/** When to ask the peer for a sign of life, and when to give it up (§4.6). All durations in milliseconds; 0 is off. */
export interface KeepaliveOptions {
  /** PING after this long without sending. */
  readonly pingAfterTxIdleMs: number;
  /** PING after this long without receiving anything that verifies: a device that only sends must notice a dead gateway. */
  readonly pingAfterRxIdleMs: number;
  /** Give up when nothing has verified for this long after a PING. */
  readonly pongTimeoutMs: number;
  /** Give up when nothing has verified for this long. */
  readonly idleTimeoutMs: number;
}

/** §9: a peer ends the session at the ninth control frame in a second, and our PONGs to its PINGs count, too. */
export const PING_INTERVAL_MS = 300;

/** While this end does not read, it cannot answer a PING: it sends PONG unasked this often, well within any peer's patience. */
const PAUSED_PONG_MS = 20_000;

/** Peers end a session that has nine control frames for them at one time (§9): one that does not read gets no more than this. */
const MAX_UNPONGED = 4;

export type KeepaliveVerdict = "lost" | "ping" | "pong" | "quiet";

/** Compares timestamps and counts no ticks, so a clock that jumped or a loop that stood still changes no answer. */
export class Keepalive {
  #options: KeepaliveOptions;
  #sentAt: number;
  #heardAt: number;
  /** When this end asked for a sign of life, and nothing has verified since; then it asks no second time. */
  #askedAt: number | null = null;
  /** When the PINGs went out that no PONG has answered yet. */
  #unponged: number[] = [];
  #pausedAt: number | null = null;

  constructor(options: KeepaliveOptions, now: number) {
    this.#options = options;
    this.#sentAt = now;
    this.#heardAt = now;
  }

  /**
   * PING after this long without sending, or without receiving, from now on, and no faster than a peer puts up with; 0: never.
   * A PING that is out is still waited for.
   */
  setPingAfter(pingAfterMs: number): void {
    const ms = pingAfterMs === 0 ? 0 : Math.max(pingAfterMs, PING_INTERVAL_MS);
    this.#options = { ...this.#options, pingAfterTxIdleMs: ms, pingAfterRxIdleMs: ms };
  }

  /** Whether a PING waits for its PONG. */
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

  /** A sign of life is asked for; whether by a PING, or, where the peer has enough of them unread, by waiting alone. */
  ask(now: number): boolean {
    this.#askedAt = now;
    if (this.#unponged.length >= MAX_UNPONGED) return false;
    this.#unponged.push(now);
    return true;
  }

  /** A PONG came, which answers every PING so far; the first one's round trip in milliseconds, or null where none was out. */
  ponged(now: number): number | null {
    const pingAt = this.#unponged[0];
    this.#unponged = [];
    return pingAt === undefined ? null : now - pingAt;
  }

  /** While the application does not read, the peer cannot be heard: its deadlines stand still. */
  pause(now: number): void {
    this.#pausedAt ??= now;
  }

  /** For how many milliseconds it was paused; 0 where it was not. */
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

  /** When `judge` may next say something else than "quiet"; `Infinity` where never. */
  nextDeadline(): number {
    return Math.min(this.#lostAt(), this.#pingDueAt(), this.#pongDueAt());
  }

  #lostAt(): number {
    if (this.#pausedAt !== null) return Infinity;
    const { idleTimeoutMs, pongTimeoutMs: pongTimeoutMs } = this.#options;
    const idle = after(this.#heardAt, idleTimeoutMs);
    return this.#askedAt === null ? idle : Math.min(idle, after(this.#askedAt, pongTimeoutMs));
  }

  #pingDueAt(): number {
    if (this.#pausedAt !== null || this.#askedAt !== null) return Infinity;
    const { pingAfterTxIdleMs: pingAfterTxIdleMs, pingAfterRxIdleMs: pingAfterRxIdleMs } = this.#options;
    return Math.min(after(this.#sentAt, pingAfterTxIdleMs), after(this.#heardAt, pingAfterRxIdleMs));
  }

  #pongDueAt(): number {
    return this.#pausedAt === null ? Infinity : this.#sentAt + PAUSED_PONG_MS;
  }
}

function after(since: number, durationMs: number): number {
  return durationMs === 0 ? Infinity : since + durationMs;
}

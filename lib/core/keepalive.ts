/** When to ask the peer for a sign of life, and when to give it up (§4, "Keepalive"). All durations in milliseconds; 0 is off. */
export interface KeepaliveOptions {
  /** PING after this long without sending. */
  readonly pingWhenSilentMs: number;
  /** PING after this long without receiving anything that verifies: a device that only sends must notice a dead gateway. */
  readonly pingWhenUnheardMs: number;
  /** Give up when nothing has verified for this long after a PING. */
  readonly lifeSignTimeoutMs: number;
  /** Give up when nothing has verified for this long. */
  readonly idleTimeoutMs: number;
}

export type KeepaliveVerdict = "ping" | "lost" | "quiet";

/** Compares timestamps and counts no ticks, so a clock that jumped or a loop that stood still changes no answer. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  #sentAt: number;
  #heardAt: number;
  /** When the PING went out that no PONG has answered yet. */
  #pingAt: number | null = null;
  #paused = false;

  constructor(options: KeepaliveOptions, now: number) {
    this.#options = options;
    this.#sentAt = now;
    this.#heardAt = now;
  }

  /** Whether a PING waits for its PONG: then no second one goes out. */
  get awaitsPong(): boolean {
    return this.#pingAt !== null;
  }

  sent(now: number): void {
    this.#sentAt = now;
  }

  /** A frame of any type has verified. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  pinged(now: number): void {
    this.#pingAt = now;
  }

  /** The PONG came; gives back the round trip in milliseconds, or null where no PING was out. */
  ponged(now: number): number | null {
    const pingAt = this.#pingAt;
    this.#pingAt = null;
    return pingAt === null ? null : now - pingAt;
  }

  /** While the application does not read, the peer cannot be heard: its deadlines stand still. */
  pause(): void {
    this.#paused = true;
  }

  resume(now: number): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#heardAt = now;
  }

  /** What is due at `now`. */
  judge(now: number): KeepaliveVerdict {
    if (now >= this.#lostAt()) return "lost";
    return now >= this.#pingDueAt() ? "ping" : "quiet";
  }

  /** When `judge` may next say something else than "quiet"; `Infinity` where never. */
  nextDeadline(): number {
    return Math.min(this.#lostAt(), this.#pingDueAt());
  }

  #lostAt(): number {
    if (this.#paused) return Infinity;
    const { idleTimeoutMs, lifeSignTimeoutMs } = this.#options;
    const idle = after(this.#heardAt, idleTimeoutMs);
    if (this.#pingAt === null) return idle;
    return Math.min(idle, after(Math.max(this.#pingAt, this.#heardAt), lifeSignTimeoutMs));
  }

  #pingDueAt(): number {
    if (this.#pingAt !== null) return Infinity;
    const { pingWhenSilentMs, pingWhenUnheardMs } = this.#options;
    const unheard = this.#paused ? Infinity : after(this.#heardAt, pingWhenUnheardMs);
    return Math.min(after(this.#sentAt, pingWhenSilentMs), unheard);
  }
}

function after(since: number, durationMs: number): number {
  return durationMs === 0 ? Infinity : since + durationMs;
}

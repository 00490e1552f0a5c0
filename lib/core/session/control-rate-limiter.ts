/** §4: this many control frames a second are nobody's attack. */
const PER_SECOND = 8;
/** What may pile up while the event loop stands still; a peer that behaves sends no more in 8 s. */
const MAX_SAVED_UP = 64;

/** While this end does not read, a peer that behaves still sends a PING every 30 s and, where it does not read either, a PONG every 20 s. */
const PAUSED_MS_PER_FRAME = 10_000;

/** How many PING, PONG and REKEY frames the peer may still send: a token bucket. Control frames cost work and deliver nothing. */
export class ControlRateLimiter {
  #left = PER_SECOND;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** What came while this end did not read for `pausedMs` arrives all at once, and is no flood. */
  credit(pausedMs: number): void {
    this.#left += pausedMs / PAUSED_MS_PER_FRAME;
  }

  /** Takes one; false where none is left. */
  tryTake(now: number): boolean {
    const earned = ((now - this.#at) / 1000) * PER_SECOND;
    // Earning stops at the most, but takes nothing away of what was forgiven.
    this.#left = Math.max(this.#left, Math.min(MAX_SAVED_UP, this.#left + earned));
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

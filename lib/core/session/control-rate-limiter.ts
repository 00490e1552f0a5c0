/** Control frames that a peer may send per second (§4.5). */
const PER_SECOND = 8;
/** The most that accrues while the event loop stands still: 8 seconds' worth. */
const MAX_SAVED_UP = 64;

/**
 * While this end does not read, a well-behaved peer sends a PING every 30 s and, if it does not read either, a PONG
 * every 20 s.
 */
const PAUSED_MS_PER_FRAME = 10_000;

/** Limits the PING, PONG and REKEY frames of the peer, which cost work and deliver nothing: a token bucket. */
export class ControlRateLimiter {
  #left = PER_SECOND;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /**
   * Adds what a peer may have sent while this end did not read for `pausedMs`: it arrives all at once, and is no flood.
   */
  credit(pausedMs: number): void {
    this.#left += pausedMs / PAUSED_MS_PER_FRAME;
  }

  /** Takes one token. False if none is left. */
  tryTake(now: number): boolean {
    const earned = ((now - this.#at) / 1000) * PER_SECOND;
    // The cap bounds what is earned. It takes back nothing that was credited.
    this.#left = Math.max(this.#left, Math.min(MAX_SAVED_UP, this.#left + earned));
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

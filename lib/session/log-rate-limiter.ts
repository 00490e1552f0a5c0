import { TokenBucket } from "../core/token-bucket.js";

/** Limits the lines of one kind, so that an attacker cannot fill a log, and counts those that it drops. */
export class LogRateLimiter {
  readonly #bucket: TokenBucket;
  #leftOut = 0;

  constructor(perSecond: number, now: number) {
    this.#bucket = new TokenBucket({ perSecond }, now);
  }

  /** The number of lines dropped since the last one that passed, or null to drop this one. */
  tryPass(now: number): number | null {
    if (!this.#bucket.tryTake(now)) {
      this.#leftOut++;
      return null;
    }
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}

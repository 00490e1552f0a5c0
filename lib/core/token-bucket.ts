export interface TokenBucketOptions {
  readonly perSecond: number;
  /** The most that can be saved up. Default: `perSecond`. */
  readonly burst?: number;
  /** How many there are at first. Default: `burst`. */
  readonly tokens?: number;
}

/** A rate limit: `perSecond` tokens come in a second, and up to `burst` are saved up. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor({ perSecond, burst = perSecond, tokens = burst }: TokenBucketOptions, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = tokens;
    this.#at = now;
  }

  /** Whether there is a token; it stays. */
  canTake(now: number): boolean {
    const earned = ((now - this.#at) / 1000) * this.#perSecond;
    // Earning stops at the burst, and takes nothing away of what was credited beyond it.
    this.#tokens = Math.max(this.#tokens, Math.min(this.#burst, this.#tokens + earned));
    this.#at = now;
    return this.#tokens >= 1;
  }

  /** Takes a token; false if there is none. */
  tryTake(now: number): boolean {
    if (!this.canTake(now)) return false;
    this.#tokens--;
    return true;
  }

  /** Adds tokens, beyond the burst as well. */
  credit(tokens: number): void {
    this.#tokens += tokens;
  }
}

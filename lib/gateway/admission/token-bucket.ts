import { LruMap } from "./lru-map.js";

/** A rate with some saved up: `perSecond` tokens come in a second, at most `burst` are there at once. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Whether a token is there; it stays. */
  has(now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    return this.#tokens >= 1;
  }

  /** Takes a token; after `has` said that there is one. */
  take(): void {
    this.#tokens--;
  }
}

/** One bucket for each of many; whose is forgotten begins with a full one. */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets: LruMap<TokenBucket>;

  constructor(perSecond: number, burst: number, mostEntries: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#buckets = new LruMap(mostEntries);
  }

  of(who: string, now: number): TokenBucket {
    const bucket = this.#buckets.get(who) ?? new TokenBucket(this.#perSecond, this.#burst, now);
    // Whoever comes again is the last to be forgotten: forgetting would be a present to it.
    this.#buckets.set(who, bucket);
    return bucket;
  }
}

import { LruMap } from "./lru-map.js";

interface LockoutOptions {
  /** Failures before the first lockout. */
  readonly afterFailures: number;
  /** The first one's length, which each further failure doubles, */
  readonly firstMs: number;
  /** up to this. */
  readonly mostMs: number;
  readonly mostEntries: number;
}

interface Failures {
  readonly count: number;
  readonly lockedUntil: number;
}

/**
 * Makes guessing keys slow. What is locked out is a pair of an address and a device id: so nobody elsewhere is kept out, and
 * no other device behind the same address.
 */
export class Lockouts {
  readonly #options: LockoutOptions;
  readonly #failures: LruMap<Failures>;

  constructor(options: LockoutOptions) {
    this.#options = options;
    this.#failures = new LruMap(options.mostEntries);
  }

  /** For how many milliseconds more a pair is locked out; 0 where it is not. */
  remainingMs(pair: string, now: number): number {
    return Math.max(0, (this.#failures.get(pair)?.lockedUntil ?? 0) - now);
  }

  /** A wrong key; for how many milliseconds the pair is locked out now, 0 where it is not. */
  fail(pair: string, now: number): number {
    const { afterFailures, firstMs, mostMs } = this.#options;
    const count = (this.#failures.get(pair)?.count ?? 0) + 1;
    const lockoutMs = count < afterFailures ? 0 : Math.min(mostMs, firstMs * 2 ** (count - afterFailures));
    this.#failures.set(pair, { count, lockedUntil: now + lockoutMs });
    return lockoutMs;
  }

  /** The right key: what went before is forgotten. */
  clear(pair: string): void {
    this.#failures.delete(pair);
  }
}

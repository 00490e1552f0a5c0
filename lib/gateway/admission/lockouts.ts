import { LruMap } from "./lru-map.js";

interface LockoutOptions {
  /** Failures before the first lockout. */
  readonly afterFailures: number;
  /** Length of the first lockout, in milliseconds; each further failure doubles it. */
  readonly firstMs: number;
  /** Length of the longest lockout, in milliseconds. */
  readonly mostMs: number;
  readonly mostEntries: number;
}

interface Failures {
  readonly count: number;
  readonly lockedUntil: number;
}

/**
 * Slows down the guessing of keys. A lockout applies to a pair of an address and a device id: it affects neither the
 * device at another address nor other devices behind the same address.
 */
export class Lockouts {
  readonly #options: LockoutOptions;
  readonly #failures: LruMap<Failures>;

  constructor(options: LockoutOptions) {
    this.#options = options;
    this.#failures = new LruMap(options.mostEntries);
  }

  /** For how many milliseconds more a pair is locked out; 0 if it is not. */
  remainingMs(pair: string, now: number): number {
    return Math.max(0, (this.#failures.get(pair)?.lockedUntil ?? 0) - now);
  }

  /** Counts a wrong key. Returns for how many milliseconds the pair is locked out now; 0 if it is not. */
  fail(pair: string, now: number): number {
    const { afterFailures, firstMs, mostMs } = this.#options;
    const count = (this.#failures.get(pair)?.count ?? 0) + 1;
    const lockoutMs = count < afterFailures ? 0 : Math.min(mostMs, firstMs * 2 ** (count - afterFailures));
    this.#failures.set(pair, { count, lockedUntil: now + lockoutMs });
    return lockoutMs;
  }

  /** Forgets the failures of a pair that proved the right key. */
  clear(pair: string): void {
    this.#failures.delete(pair);
  }
}

import type { Clock, Timer } from "../core/clock.js";
import type { CryptoProvider, KeyPair } from "../core/crypto-provider.js";
import { lastly } from "../core/guarded-crypto.js";

/** Enough for a small burst. */
const SIZE = 8;

/**
 * Ephemeral key pairs made ahead, one per turn of the event loop, so that a handshake waits for one computation less.
 */
export class KeyPairPool {
  readonly #crypto: CryptoProvider;
  readonly #clock: Clock;
  readonly #pairs: KeyPair[] = [];
  #refill: Timer | null = null;
  #isClosed = false;

  constructor(crypto: CryptoProvider, clock: Clock) {
    this.#crypto = crypto;
    this.#clock = clock;
    this.#refillLater();
  }

  /**
   * Returns a fresh pair, each only once; the caller wipes it.
   * @throws what the provider throws
   */
  take(): KeyPair {
    const pair = this.#pairs.pop() ?? this.#crypto.generateKeyPair();
    this.#refillLater();
    return pair;
  }

  /** Wipes the unused pairs, and makes no more ahead. */
  close(): void {
    this.#isClosed = true;
    this.#refill?.cancel();
    lastly(...this.#pairs.splice(0).map((pair) => () => pair.wipe()));
  }

  #refillLater(): void {
    if (this.#isClosed || this.#refill !== null || this.#pairs.length >= SIZE) return;
    this.#refill = this.#clock.afterReadPass(() => {
      this.#refill = null;
      try {
        this.#pairs.push(this.#crypto.generateKeyPair());
      } catch {
        return; // `take` makes one itself, and throws.
      }
      this.#refillLater();
    });
    this.#refill.unref();
  }
}

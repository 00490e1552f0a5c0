import type { Clock, Timer } from "../core/clock.js";
import type { CryptoProvider, KeyPair } from "../core/crypto-provider.js";
import { lastly } from "../core/guarded-crypto.js";

/** As many as a small burst needs. */
const SIZE = 8;

/**
 * Ephemeral key pairs, made ahead while no device waits, so that one that comes waits for one computation less.
 * Each is given out once.
 */
export class KeyPairPool {
  readonly #crypto: CryptoProvider;
  readonly #clock: Pick<Clock, "afterReadPass">;
  readonly #pairs: KeyPair[] = [];
  #refill: Timer | null = null;
  #closed = false;

  constructor(crypto: CryptoProvider, clock: Pick<Clock, "afterReadPass">) {
    this.#crypto = crypto;
    this.#clock = clock;
    this.#schedule();
  }

  /** A fresh pair, the caller's. */
  take(): KeyPair {
    const pair = this.#pairs.pop() ?? this.#crypto.generateKeyPair();
    this.#schedule();
    return pair;
  }

  /** Wipes what was not given out. */
  close(): void {
    this.#closed = true;
    this.#refill?.cancel();
    lastly(...this.#pairs.splice(0).map((pair) => () => pair.wipe()));
  }

  /** One a turn: whoever waits for the event loop waits for no more than that. */
  #schedule(): void {
    if (this.#refill !== null || this.#closed || this.#pairs.length >= SIZE) return;
    this.#refill = this.#clock.afterReadPass(() => {
      this.#refill = null;
      try {
        this.#pairs.push(this.#crypto.generateKeyPair());
      } catch {
        // Whoever needs one makes it itself, and is told what is wrong.
        return;
      }
      this.#schedule();
    });
    this.#refill.unref();
  }
}

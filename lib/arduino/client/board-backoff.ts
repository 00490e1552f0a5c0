const FIRST_MS = 2_000;
/** The last doubling happens below this: 2, 4, 8, 16, and then always 32 seconds. */
const DOUBLED_BELOW_MS = 30_000;

/**
 * When a board tries again: at once after a loss, but not sooner than 2 s after the last attempt. Each failed attempt
 * doubles that time. There is no random part as in other devices of this library, so a test sees the board's times.
 */
export class BoardBackoff {
  /** The board's `millis()`. */
  readonly #millis: () => number;
  #backoffMs = FIRST_MS;
  /** When it last tried again. The board counts its own start as one time. */
  #triedAt = 0;
  #established = false;

  constructor(millis: () => number) {
    this.#millis = millis;
  }

  established(): void {
    this.#backoffMs = FIRST_MS;
    this.#established = true;
  }

  /** The delay after a lost session or a failed attempt. Call it once for each. */
  nextDelayMs(): number {
    if (!this.#established && this.#backoffMs < DOUBLED_BELOW_MS) this.#backoffMs *= 2;
    this.#established = false;
    const now = this.#millis();
    const delayMs = Math.max(this.#backoffMs - ((now - this.#triedAt) >>> 0), 0);
    this.#triedAt = (now + delayMs) >>> 0;
    return delayMs;
  }
}

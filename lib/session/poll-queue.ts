/** Enough for a sketch that polls rarely. Messages are not among them: they wait in their inbox, which is bounded. */
const MAX_WAITING = 1_024;

/**
 * Calls that wait, in order, until `poll`. What a call brings about while it runs comes in the same poll, behind what waits
 * already. If nobody ever polls, the oldest are dropped.
 */
export class PollQueue {
  readonly #waiting: (() => void)[] = [];
  #polling = false;

  /** Whether a poll runs right now. */
  get isPolling(): boolean {
    return this.#polling;
  }

  /** Whether a call made now has to wait for its turn. */
  get mustWait(): boolean {
    return !this.#polling || this.#waiting.length > 0;
  }

  /** Runs `call` now if a poll runs and nothing waits, else in its turn. */
  run(call: () => void): void {
    if (!this.mustWait) {
      call();
      return;
    }
    this.#waiting.push(call);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
  }

  /** Runs what waits, then `andThen`, until nothing waits. A no-op within itself, so a callback may poll. */
  poll(andThen: () => void): void {
    if (this.#polling) return;
    this.#polling = true;
    try {
      do {
        for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift()) call();
        andThen();
      } while (this.#waiting.length > 0);
    } finally {
      this.#polling = false;
    }
  }
}

/** Enough for a sketch that polls rarely. Messages do not count: they wait in their inbox, which is bounded. */
const MAX_WAITING = 1_024;

/**
 * Holds calls, in order, until `poll`. Calls that a running call adds run in the same poll, behind those that wait
 * already. Beyond 1,024 calls, the oldest are dropped.
 */
export class PollQueue {
  readonly #waiting: (() => void)[] = [];
  #polling = false;

  /** Whether a poll is running. */
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

  /**
   * Runs the waiting calls, then `andThen`, until no call waits. Does nothing within a poll, so a callback may poll.
   */
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

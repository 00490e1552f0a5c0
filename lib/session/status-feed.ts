import type { UsmpStatus } from "./status.js";

/** A reader that falls this many statuses behind loses the oldest. */
const MAX_UNREAD = 64;

/** The statuses that one reader of `status()` has not read yet, up to "closed". */
export class StatusFeed {
  readonly #unread: UsmpStatus[] = [];
  readonly #waiting: ((status: UsmpStatus | null) => void)[] = [];
  #ended = false;

  readonly put = (status: UsmpStatus): void => {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      this.#give(status, waiting);
      return;
    }
    this.#unread.push(status);
    if (this.#unread.length > MAX_UNREAD) this.#unread.shift();
  };

  /** Resolves with the oldest unread status, or the next one; with null after "closed", and after `end`. */
  take(): Promise<UsmpStatus | null> {
    return new Promise((resolve) => {
      if (this.#ended) {
        resolve(null);
        return;
      }
      const status = this.#unread.shift();
      if (status === undefined) this.#waiting.push(resolve);
      else this.#give(status, resolve);
    });
  }

  /** Ends the feed: waiting readers get null. */
  end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting(null);
  }

  #give(status: UsmpStatus, reader: (status: UsmpStatus) => void): void {
    reader(status);
    if (status.state === "closed") this.end();
  }
}

/** The callbacks under way that gave a promise: for those who want to wait until all of them are done. */
export class RunningHandlers {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** `handler` (never rejects) is under way. */
  add(handler: PromiseLike<void>): void {
    this.#count++;
    handler.then(() => {
      this.#count--;
      if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** Resolves when none is under way. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** The callbacks under way that returned a promise. A caller can wait until all of them are done. */
export class RunningHandlers {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** Adds `handler`, which never rejects and is under way. */
  add(handler: PromiseLike<void>): void {
    this.#count++;
    handler.then(() => {
      this.#count--;
      if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** Resolves when no callback is under way. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

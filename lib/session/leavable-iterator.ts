interface LeavableIteratorOptions<Value> {
  /** Resolves with the next value; with null if none follows, or `leave` was called. Never rejects. */
  readonly pull: () => Promise<Value | null>;
  /** Called once, when the iterator is done. A waiting `pull` must then resolve with null. */
  readonly leave: () => void;
}

/**
 * An async iterator that can be left while it waits: `return()` and `throw()` settle at once, and a waiting `next()`
 * then takes no value. An async generator would queue them behind that `next()`, and lose its value.
 */
export class LeavableIterator<Value> implements AsyncGenerator<Value, void, undefined> {
  readonly #options: LeavableIteratorOptions<Value>;
  #isLeft = false;

  constructor(options: LeavableIteratorOptions<Value>) {
    this.#options = options;
  }

  async next(): Promise<IteratorResult<Value, void>> {
    const value = this.#isLeft ? null : await this.#options.pull();
    if (value !== null) return { value, done: false };
    this.#leave();
    return { value: undefined, done: true };
  }

  return(): Promise<IteratorResult<Value, void>> {
    this.#leave();
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(error: unknown): Promise<IteratorResult<Value, void>> {
    this.#leave();
    // An iterator has to throw whatever `throw()` gets.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#options.leave();
  }
}

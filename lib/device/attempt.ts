/** What an attempt to connect does when it is called off, which changes from step to step: one listener for all of them. */
export class Attempt {
  readonly #signal: AbortSignal;
  #onCallOff: (() => void) | null = null;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#abort);
  }

  /** From now on `callOff` is what ends it; called at once where it was called off before. */
  during(callOff: () => void): void {
    this.#onCallOff = callOff;
    if (this.#signal.aborted) this.#abort();
  }

  /** It has come to its end: it can be called off no more. */
  over(): void {
    this.#onCallOff = null;
    this.#signal.removeEventListener("abort", this.#abort);
  }

  readonly #abort = (): void => this.#onCallOff?.();
}

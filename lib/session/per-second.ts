/** Lets so many through in each second of the clock, and counts what it left out: an attacker must not fill a log. */
export class PerSecond {
  readonly #most: number;
  #second = -1;
  #passed = 0;
  #leftOut = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How many were left out since the last one that passed, where this one passes; null where it is left out. */
  pass(now: number): number | null {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#passed = 0;
    }
    if (this.#passed >= this.#most) {
      this.#leftOut++;
      return null;
    }
    this.#passed++;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}

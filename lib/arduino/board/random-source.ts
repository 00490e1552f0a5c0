import { SeededRandom } from "../../transport/random.js";

/** The source of `random()`: the hardware's noise, until the sketch sets a seed. */
export class RandomSource {
  readonly #entropy: () => number;
  #seeded: SeededRandom | null = null;

  constructor(entropy: () => number) {
    this.#entropy = entropy;
  }

  reset(): void {
    this.#seeded = null;
  }

  /** Gives the same numbers for the same seed from now on. 0 changes nothing, as on the board. */
  seed(seed: number): void {
    if (seed >>> 0 !== 0) this.#seeded = new SeededRandom(seed >>> 0);
  }

  /** A number from 0 up to, but not including, 1. */
  next(): number {
    return this.#seeded === null ? this.#entropy() : this.#seeded.next();
  }
}

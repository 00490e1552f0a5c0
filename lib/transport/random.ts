/**
 * Pseudo-random numbers that repeat for the same seed, for simulations only. Never use them for keys.
 *
 * The generator is mulberry32 by Tommy Ettinger (public domain, 2017), with 32 bits of state.
 */
import { UsmpError } from "../errors.js";

const TWO_32 = 2 ** 32;

/** A seeded generator. Two with the same seed yield the same numbers. Not for cryptography. */
export class SeededRandom {
  /** The seed. Print it when a run fails, so that the run can be repeated. */
  readonly seed: number;
  #state: number;

  /**
   * @param seed an integer from 0 to 2^32 - 1
   * @throws {UsmpError} INVALID_ARG for any other seed
   */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= TWO_32) {
      throw new UsmpError("INVALID_ARG", `seed must be an integer from 0 to ${TWO_32 - 1}, got ${String(seed)}`);
    }
    this.seed = seed;
    this.#state = seed;
  }

  /** A number from 0 up to, but not including, 1. */
  next(): number {
    return this.#uint32() / TWO_32;
  }

  /** An integer from 0 up to, but not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** True with the given probability: never for 0, always for 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A separate generator, so that the numbers that one part draws do not shift those of another. */
  fork(): SeededRandom {
    return new SeededRandom(this.#uint32());
  }

  #uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}

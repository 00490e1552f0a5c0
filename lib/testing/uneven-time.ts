import { SeededRandom } from "../transport/random.js";

/** Separates these numbers from the noise, which has the same seed. */
const SALT = 0x74696d65;
const SHORTEST_TURN_MS = 0.2;
const LONGEST_TURN_MS = 2.2;
/** A boot takes tens of milliseconds, and never a round number of them. */
const SHORTEST_BOOT_MS = 11;
const LONGEST_BOOT_MS = 60;

/**
 * The small times that differ on every real board: until `setup()` begins, and for the code of a turn of `loop()`. They
 * expose a sketch that works for whole seconds only, because an integer division loses the rest.
 */
export class UnevenTime {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom((seed ^ SALT) >>> 0);
  }

  /** The first value of `millis()` in a life, in milliseconds: never a multiple of ten. */
  startMillis(): number {
    const ms = this.#between(SHORTEST_BOOT_MS, LONGEST_BOOT_MS);
    return Math.floor(ms) % 10 === 0 ? ms + 3 : ms;
  }

  /** How long the code of a turn takes beside its waits, in milliseconds. */
  turnMs(): number {
    return this.#between(SHORTEST_TURN_MS, LONGEST_TURN_MS);
  }

  /** In milliseconds, rounded to the microsecond. */
  #between(from: number, to: number): number {
    return Math.round((from + this.#random.next() * (to - from)) * 1_000) / 1_000;
  }
}

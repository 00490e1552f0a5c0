import { requireNumber } from "../core/arguments.js";
import { currentBoard } from "./board/current-board.js";

/**
 * `random(howBig)`: an integer from 0 up to, but not including, `howBig`. `random(from, to)`: from `from` up to, but not
 * including, `to`. The lower bound where there is nothing in between.
 */
export function random(howBigOrFrom: number, to?: number): number {
  requireNumber("the bound of random()", howBigOrFrom);
  if (to !== undefined) requireNumber("the upper bound of random()", to);
  const low = to === undefined ? 0 : Math.trunc(howBigOrFrom);
  const high = Math.trunc(to ?? howBigOrFrom);
  return low >= high ? low : low + Math.floor(currentBoard().random.next() * (high - low));
}

/** The same numbers for the same seed, from now on; 0 changes nothing. They are not the ones that a board would give. */
export function randomSeed(seed: number): void {
  requireNumber("seed", seed);
  currentBoard().random.seed(seed);
}

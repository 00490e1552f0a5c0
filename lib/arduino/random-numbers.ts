import { requireNumber } from "../core/arguments.js";
import { currentBoard } from "./board/current-board.js";

/**
 * `random(howBig)`: an integer from 0 up to, but not including, `howBig`. `random(from, to)`: from `from` up to, but
 * not including, `to`. Returns the lower bound if the range is empty.
 */
export function random(howBigOrFrom: number, to?: number): number {
  requireNumber("the bound of random()", howBigOrFrom);
  if (to !== undefined) requireNumber("the upper bound of random()", to);
  const low = to === undefined ? 0 : Math.trunc(howBigOrFrom);
  const high = Math.trunc(to ?? howBigOrFrom);
  return low >= high ? low : low + Math.floor(currentBoard().random.next() * (high - low));
}

/** Makes `random` repeat the same numbers for the same seed; 0 changes nothing. A board gives other numbers. */
export function randomSeed(seed: number): void {
  requireNumber("seed", seed);
  currentBoard().random.seed(seed);
}

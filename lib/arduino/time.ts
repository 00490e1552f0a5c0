import { requireNumber } from "../core/arguments.js";
import { currentBoard, delayCurrent } from "./board/current-board.js";

/** Milliseconds since this life of the sketch began: unsigned 32 bits, back to 0 after 49.7 days. */
export function millis(): number {
  const board = currentBoard();
  board.polled();
  return board.millis();
}

/** Microseconds since this life of the sketch began: unsigned 32 bits, back to 0 after 71.6 minutes. */
export function micros(): number {
  const board = currentBoard();
  board.polled();
  return board.micros();
}

/**
 * Waits: `await delay(500)`. If the sketch forgets the `await`, it ends with an error that names its line.
 * @throws RangeError for a negative time, which a board takes for 49 days
 */
export function delay(ms: number): Promise<void> {
  requireNumber("ms of delay()", ms);
  return wait(ms, `delay(${ms})`);
}

/** Waits. Await it, as `delay`. On a PC at least about a millisecond passes, on a virtual board exactly this time. */
export function delayMicroseconds(us: number): Promise<void> {
  requireNumber("us of delayMicroseconds()", us);
  return wait(us / 1_000, `delayMicroseconds(${us})`);
}

function wait(ms: number, what: string): Promise<void> {
  if (ms >= 0 && ms < Infinity) return delayCurrent(ms, what);
  throw new RangeError(`${what}: a sketch cannot wait for less than 0, nor for ever`);
}

import { requireNumber } from "../core/arguments.js";
import type { Board } from "./board/board.js";
import { currentBoard } from "./board/current-board.js";

const DEFAULT_TIMEOUT_US = 1_000_000;

/**
 * The length of the next whole pulse of this level, in microseconds; 0 if none began and ended within `timeoutUs`.
 * Await it.
 * @throws RangeError for a pin that does not exist
 */
export function pulseIn(pin: number, level: number, timeoutUs: number = DEFAULT_TIMEOUT_US): Promise<number> {
  requireNumber("level", level);
  requireNumber("timeoutUs", timeoutUs);
  const board = currentBoard();
  board.pins.read(pin);
  return board.waitFor(measurePulse(board, pin, level, timeoutUs), "pulseIn()");
}

function measurePulse(board: Board, pin: number, level: number, timeoutUs: number): Promise<number> {
  const { clock, pins } = board;
  return new Promise((resolve) => {
    let beganAt: number | null = null;
    const finish = (lengthUs: number): void => {
      timeout.cancel();
      unwatch();
      disown();
      resolve(lengthUs);
    };
    const timeout = clock.after(timeoutUs / 1_000, () => finish(0));
    const unwatch = pins.watch({
      onLevel: (changed, now) => {
        if (changed !== pin) return;
        if (now === level) beganAt = clock.now();
        else if (beganAt !== null) finish(Math.round((clock.now() - beganAt) * 1_000));
      },
    });
    const disown = board.own({ drop: () => finish(0), close: async () => finish(0) });
  });
}

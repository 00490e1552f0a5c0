import { currentBoard } from "../../lib/arduino/board/current-board.js";
import { VirtualBoard } from "../../lib/testing/virtual-board.js";

/** Enough for a board to boot. */
const BOOT_MS = 5;

/** Runs each of `lives` as one life of a sketch, with a restart between two of them, and gives back the board. */
export async function runLives(
  lives: readonly (() => void | Promise<void>)[],
  board = new VirtualBoard(),
): Promise<VirtualBoard> {
  let life = 0;
  await board.start(() => ({
    setup: async () => {
      await lives[life++]?.();
      if (life < lives.length) currentBoard().restart();
    },
  }));
  await board.advance(lives.length * BOOT_MS);
  return board;
}

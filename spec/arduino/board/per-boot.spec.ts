import { expect } from "chai";

import { currentBoard } from "../../../lib/arduino/board/current-board.js";
import { PerBoot } from "../../../lib/arduino/board/per-boot.js";
import { SketchRun } from "../../../lib/arduino/sketch/sketch-run.js";
import { VirtualBoard } from "../../../lib/testing/virtual-board.js";
import { createBoard } from "../board-with-port.js";

describe("PerBoot", () => {
  const ended: number[] = [];
  let made = 0;
  const state = new PerBoot(
    () => ({ number: ++made }),
    ({ number }) => ended.push(number),
  );

  beforeEach(() => {
    made = 0;
    ended.length = 0;
  });

  it("is one for a life, and another one for the next", async () => {
    const seen: number[] = [];
    const board = new VirtualBoard();
    await board.start(() => ({
      setup: () => void seen.push(state.of(currentBoard()).number, state.of(currentBoard()).number),
      loop: () => {
        if (seen.length < 4) currentBoard().restart();
      },
    }));
    await board.advance(1_000);
    expect(seen).to.deep.equal([1, 1, 2, 2]);
    expect(ended).to.deep.equal([1]);
    await board.stop();
    expect(ended).to.deep.equal([1, 2]);
  });

  it("is another one outside of a sketch, which a life that begins there does not find, nor end", async () => {
    const { board } = createBoard();
    expect([state.of(board).number, state.of(board).number]).to.deep.equal([1, 1]);
    const seen: number[] = [];
    const run = new SketchRun(board, { setup: () => void seen.push(state.of(currentBoard()).number) });
    run.start();
    await run.stop();
    expect([seen, ended, state.of(board).number]).to.deep.equal([[2], [2], 1]);
  });

  it("is another one on another board", async () => {
    const seen: number[] = [];
    const sketch = { setup: () => void seen.push(state.of(currentBoard()).number) };
    await new VirtualBoard().start(sketch);
    await new VirtualBoard().start(sketch);
    expect(seen).to.deep.equal([1, 2]);
  });
});

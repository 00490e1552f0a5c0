import { expect } from "chai";
import { noTone, tone } from "../../lib/arduino/index.js";
import { VirtualBoard } from "../../lib/testing/index.js";

describe("arduino/tone", () => {
  it("plays until it is told to stop, or for a while", async () => {
    const board = new VirtualBoard();
    await board.start({
      setup() {
        tone(25, 440);
        tone(26, 880, 100);
        tone(27, 100, 50);
        tone(27, 200);
        tone(14, 300);
        noTone(14);
      },
    });
    await board.advance(200);
    expect(board.outputs()).to.deep.equal([
      { pin: 25, atMs: 0, value: 440 },
      { pin: 26, atMs: 0, value: 880 },
      { pin: 27, atMs: 0, value: 100 },
      { pin: 27, atMs: 0, value: 200 },
      { pin: 14, atMs: 0, value: 300 },
      { pin: 14, atMs: 0, value: 0 },
      { pin: 26, atMs: 100, value: 0 },
    ]);
  });

  it("ends with the life, which leaves nothing behind", async () => {
    const board = new VirtualBoard();
    await board.start({ setup: () => tone(26, 880, 100) });
    board.cutPower();
    expect(board.clock.pending).to.equal(0);
    expect(board.output(26)).to.equal(null);
  });
});

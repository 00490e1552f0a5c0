import { expect } from "chai";
import { delayMicroseconds, digitalWrite, HIGH, LOW, OUTPUT, pinMode, pulseIn } from "../../lib/arduino/index.js";
import { VirtualBoard } from "../../lib/testing/index.js";

describe("arduino/pulses", () => {
  it("measures the echo of a distance sensor that is wired to the board", async () => {
    const board = new VirtualBoard();
    board.setInput(18, LOW);
    board.onOutput(5, (level) => {
      if (level !== LOW || board.outputs(5).length < 2) return;
      board.clock.after(0.4, () => board.setInput(18, HIGH));
      board.clock.after(0.4 + 1.166, () => board.setInput(18, LOW));
    });
    const seen: number[] = [];
    await board.start({
      async setup() {
        pinMode(5, OUTPUT);
        digitalWrite(5, HIGH);
        await delayMicroseconds(10);
        digitalWrite(5, LOW);
        seen.push(await pulseIn(18, HIGH));
      },
    });
    await board.advance(5);
    expect(seen).to.deep.equal([1_166]);
  });

  it("leaves a pulse out that began before", async () => {
    const board = new VirtualBoard();
    board.setInput(18, HIGH);
    for (const [atMs, level] of [
      [1, LOW],
      [2, HIGH],
      [5, LOW],
    ] as const)
      board.clock.after(atMs, () => board.setInput(18, level));
    const seen: number[] = [];
    await board.start({ setup: async () => void seen.push(await pulseIn(18, HIGH)) });
    await board.advance(10);
    expect(seen).to.deep.equal([3_000]);
  });

  it("gives 0 where no pulse ended in time, and leaves nothing behind", async () => {
    const board = new VirtualBoard();
    const seen: number[] = [];
    await board.start({ setup: async () => void seen.push(await pulseIn(18, HIGH, 2_000)) });
    await board.advance(1);
    board.setInput(18, HIGH);
    await board.advance(1);
    expect(seen).to.deep.equal([0]);
    await board.stop();
    expect(board.clock.pending).to.equal(0);
  });

  it("leaves nothing behind when the life ends meanwhile", async () => {
    const board = new VirtualBoard();
    await board.start({ setup: async () => void (await pulseIn(18, HIGH)) });
    board.cutPower();
    expect(board.clock.pending).to.equal(0);
  });
});

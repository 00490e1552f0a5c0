import { expect } from "chai";
import {
  analogRead,
  analogReadMilliVolts,
  analogReadResolution,
  analogWrite,
  analogWriteResolution,
  ledcAttach,
  ledcDetach,
  ledcWrite,
} from "../../lib/arduino/index.js";
import { VirtualBoard } from "../../lib/testing/index.js";
import { rejection } from "./rejection.js";

async function run(setup: () => void, board = new VirtualBoard()): Promise<VirtualBoard> {
  await board.start({ setup });
  return board;
}

describe("arduino/analog-io", () => {
  it("reads what is wired, in 12 bits or as many as are asked for", async () => {
    const board = new VirtualBoard();
    board.setAnalog(34, 2_048);
    const seen: number[] = [];
    await run(() => {
      seen.push(analogRead(34), analogReadMilliVolts(34));
      analogReadResolution(10);
      seen.push(analogRead(34));
      analogReadResolution(16);
      seen.push(analogRead(34));
    }, board);
    expect(seen).to.deep.equal([2_048, 1_650, 512, 32_768]);
  });

  it("asks a function at each reading", async () => {
    const board = new VirtualBoard();
    let level = 100;
    board.setAnalog(34, () => level++);
    const seen: number[] = [];
    await run(() => seen.push(analogRead(34), analogRead(34)), board);
    expect(seen).to.deep.equal([100, 101]);
  });

  it("adds noise of the width that was asked for, and stays within the converter's range", async () => {
    const board = new VirtualBoard({ seed: 3 });
    board.setAnalog(34, 1_000, { noise: 15 });
    board.setAnalog(35, 4_095, { noise: 15 });
    const quiet: number[] = [];
    const high: number[] = [];
    await run(() => {
      for (let i = 0; i < 500; i++) {
        quiet.push(analogRead(34));
        high.push(analogRead(35));
      }
    }, board);
    expect(Math.min(...quiet)).to.be.within(985, 988);
    expect(Math.max(...quiet)).to.be.within(1_012, 1_015);
    expect(Math.max(...high)).to.equal(4_095);
    expect(Math.min(...high)).to.be.within(4_080, 4_083);
  });

  it("reads noise over the whole range on a pin to which nothing is wired", async () => {
    const seen: number[] = [];
    await run(() => {
      for (let i = 0; i < 500; i++) seen.push(analogRead(34));
    });
    expect(Math.min(...seen)).to.be.within(0, 100);
    expect(Math.max(...seen)).to.be.within(3_995, 4_095);
  });

  it("drives a pin with a duty, which is cut to its range", async () => {
    const board = await run(() => {
      for (const duty of [128, 300, -1]) analogWrite(25, duty);
      analogWriteResolution(10);
      analogWrite(25, 1_000);
    });
    expect(board.outputs(25).map(({ value }) => value)).to.deep.equal([128, 255, 0, 1_000]);
  });

  it("drives a PWM channel of its own width, and nothing without one", async () => {
    const told: boolean[] = [];
    const board = await run(() => {
      told.push(ledcWrite(26, 5), ledcAttach(26, 5_000, 10), ledcWrite(26, 1_023), ledcDetach(26), ledcDetach(26));
    });
    expect(told).to.deep.equal([false, true, true, true, false]);
    expect(board.outputs(26).map(({ value }) => value)).to.deep.equal([1_023]);
    expect(board.output(26)).to.equal(null);
  });

  it("refuses a pin that cannot measure, and a width that does not exist", async () => {
    expect((await rejection(run(() => analogRead(5)))).message).to.include("pin 5 cannot measure");
    expect((await rejection(run(() => analogReadResolution(0)))).message).to.include("1 to 16 bits, not 0");
  });

  it("forgets widths when a life ends", async () => {
    const board = await run(() => analogReadResolution(10));
    board.cutPower();
    board.setAnalog(34, 2_048);
    const seen: number[] = [];
    await run(() => seen.push(analogRead(34)), board);
    expect(seen).to.deep.equal([2_048]);
  });

  it("takes a duty that is no number for 0", async () => {
    const board = await run(() => {
      analogWrite(2, NaN);
      analogWrite(2, NaN);
    });
    expect(board.outputs(2)).to.deep.equal([{ atMs: 0, value: 0 }]);
  });
});

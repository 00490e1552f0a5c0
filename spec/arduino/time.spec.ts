import { expect } from "chai";
import { delay, delayMicroseconds, micros, millis } from "../../lib/arduino/index.js";
import { VirtualBoard } from "../../lib/testing/index.js";
import { rejection } from "./rejection.js";
import { EVEN } from "../support/even-time.js";

describe("arduino/time", () => {
  it("counts from the start of the sketch", async () => {
    const board = new VirtualBoard(EVEN);
    const seen: number[][] = [];
    await board.advance(7);
    await board.start({
      setup: () => void seen.push([millis(), micros()]),
      async loop() {
        await delay(1.5);
        seen.push([millis(), micros()]);
        await delay(1_000);
      },
    });
    await board.advance(10);
    expect(seen).to.deep.equal([
      [0, 0],
      [1, 1_500],
    ]);
  });

  it("wraps after 32 bits", async () => {
    const board = new VirtualBoard({ ...EVEN, startMillis: 2 ** 32 - 2 });
    const seen: number[] = [];
    await board.start({ loop: () => void seen.push(millis()) });
    await board.advance(4);
    expect(seen).to.deep.equal([2 ** 32 - 2, 2 ** 32 - 1, 0, 1, 2]);
  });

  it("wraps microseconds after 32 bits", async () => {
    const board = new VirtualBoard({ ...EVEN, startMillis: 4_294_967 });
    const seen: number[] = [];
    await board.start({ loop: () => void seen.push(micros()) });
    await board.advance(1);
    expect(seen).to.deep.equal([4_294_967_000, (4_294_967_000 + 1_000) % 2 ** 32]);
  });

  it("waits exactly as long as it is told to", async () => {
    const board = new VirtualBoard(EVEN);
    const seen: number[] = [];
    await board.start({
      async setup() {
        await delayMicroseconds(250);
        seen.push(micros());
        await delay(0);
        seen.push(micros());
      },
    });
    await board.advance(1);
    expect(seen).to.deep.equal([250, 250]);
  });

  it("counts the microseconds of fractions that do not add up", async () => {
    const board = new VirtualBoard(EVEN);
    const seen: number[][] = [];
    await board.start({
      async setup() {
        for (let i = 0; i < 10; i++) await delayMicroseconds(100);
        seen.push([millis(), micros()]);
      },
    });
    await board.advance(2);
    expect(seen).to.deep.equal([[1, 1_000]]);
  });

  it("refuses to wait for less than nothing, and for ever", async () => {
    for (const ms of [-1, NaN, Infinity]) {
      const error = await rejection(new VirtualBoard(EVEN).start({ setup: () => delay(ms) }));
      expect(error.message).to.include(`setup(): delay(${ms}): a sketch cannot wait`);
    }
  });

  it("waits on this computer's clock outside of a sketch", async () => {
    const before = millis();
    await delay(2);
    expect(millis() - before).to.be.within(1, 1_000);
  });
});

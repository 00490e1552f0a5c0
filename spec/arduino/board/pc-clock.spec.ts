import { expect } from "chai";
import sinon from "sinon";
import { PcClock } from "../../../lib/arduino/board/pc-clock.js";

const soon = (clock: PcClock, delayMs: number): Promise<number> =>
  new Promise((resolve) => void clock.afterForSketch(delayMs, () => resolve(clock.now())));

describe("arduino/board/pc-clock", () => {
  it("never waits for less than it was told to", async () => {
    const clock = new PcClock();
    for (const delayMs of [0.2, 1.5, 3]) {
      const from = clock.now();
      // Node's own timers count whole milliseconds, from a time that may be one old.
      expect((await soon(clock, delayMs)) - from).to.be.at.least(Math.ceil(delayMs) - 1);
    }
  });

  it("calls at once, though not synchronously, where there is nothing to wait for", async () => {
    const clock = new PcClock();
    let called = false;
    const timer = clock.afterForSketch(0, () => (called = true));
    expect(called).to.equal(false);
    timer.cancel();
    await soon(clock, 0);
    expect(called).to.equal(false);
  });

  it("calls after a fraction of a millisecond, to the point", async () => {
    const clock = new PcClock();
    const from = clock.now();
    await new Promise<void>((resolve) => void clock.afterPrecisely(0.6, resolve));
    expect(clock.now() - from).to.be.at.least(0.6);
  });

  it("does not call after a fraction of a millisecond where it was called off on the way", async () => {
    const time = sinon.useFakeTimers({ toFake: ["setImmediate", "clearImmediate", "performance"] });
    try {
      const clock = new PcClock();
      const called: string[] = [];
      clock.afterPrecisely(1.5, () => called.push("in time"));
      const cancelled = clock.afterPrecisely(1.5, () => called.push("called off"));
      time.tick(1);
      expect(called).to.eql([]);
      cancelled.cancel();
      time.tick(1);
      time.tick(1);
      const late = clock.afterForSketch(0, () => called.push("called off when due"));
      time.tick(1);
      late.cancel();
      await Promise.resolve();
      expect(called).to.eql(["in time"]);
    } finally {
      time.restore();
    }
  });

  it("ends a loop that looks for too long without letting others run", () => {
    const clock = new PcClock(20);
    expect(() => {
      for (;;) clock.polled();
    }).to.throw("looked for 20 ms whether something changed");
  });

  it("lets a loop look for as long as it likes, where others run in between", async () => {
    const time = sinon.useFakeTimers({ toFake: ["performance"] });
    try {
      const clock = new PcClock(20);
      for (let turn = 0; turn < 10; turn++) {
        for (let look = 0; look < 3_000; look++) {
          if (look % 1_000 === 0) time.tick(5);
          clock.polled();
        }
        await soon(clock, 0);
      }
    } finally {
      time.restore();
    }
  });
});

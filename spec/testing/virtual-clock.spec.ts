import { expect } from "chai";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { rejection } from "../arduino/rejection.js";

describe("testing/virtual-clock", () => {
  it("runs what falls due, each at its own time, in the order in which it was set", async () => {
    const clock = new VirtualClock(100);
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name} ${clock.now()}`);
    clock.after(20, note("late"));
    clock.afterForSketch(5, note("first"));
    clock.after(5, note("second"));
    clock.after(5, note("cancelled")).cancel();
    clock.after(-1, note("at once"));
    clock.afterReadPass(note("read pass"));
    await clock.advance(10);
    expect(seen).to.deep.equal(["at once 100", "read pass 100", "first 105", "second 105"]);
    expect(clock.now()).to.equal(110);
    expect(clock.pending).to.equal(1);
  });

  it("lets whole chains of promises through before time goes on", async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    clock.after(1, () => {
      void (async () => {
        for (let step = 0; step < 30; step++) await Promise.resolve();
        seen.push(clock.now());
      })();
    });
    clock.afterForSketch(1.001, () => {});
    await clock.advance(10);
    expect(seen).to.deep.equal([1]);
  });

  it("lets promises through one after the other where a stirred chain sets further timers", async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    const hop = async (): Promise<void> => {
      for (let round = 0; round < 10; round++) {
        await new Promise<void>((resolve) => void clock.after(0, resolve));
        for (let step = 0; step < 20; step++) await Promise.resolve();
      }
      seen.push(clock.now());
    };
    clock.after(3, () => void hop());
    await clock.advance(4);
    expect(seen).to.deep.equal([3]);
  });

  it("stands still until each resident rests, and tells of its failure", async () => {
    const clock = new VirtualClock();
    const resident = { rests: true, failure: null as Error | null };
    const leave = clock.join(resident);
    const seen: number[] = [];
    clock.afterForSketch(1, () => {
      resident.rests = false;
      void (async () => {
        for (let step = 0; step < 100; step++) await Promise.resolve();
        seen.push(clock.now());
        resident.rests = true;
      })();
    });
    await clock.advance(5);
    expect(seen).to.deep.equal([1]);
    resident.failure = new Error("broken");
    expect(await rejection(clock.advance(1))).to.equal(resident.failure);
    leave();
    await clock.advance(1);
  });

  it("does not stand still for ever for a resident that waits for something else", async () => {
    const clock = new VirtualClock();
    clock.join({ rests: false, failure: null });
    await clock.advance(5);
    expect(clock.now()).to.equal(5);
  });

  it("moves until something holds, or by the limit", async () => {
    const clock = new VirtualClock();
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      clock.after(10, tick);
    };
    tick();
    expect(await clock.advanceUntil(() => ticks === 4, 1_000)).to.equal(true);
    expect(clock.now()).to.equal(30);
    expect(await clock.advanceUntil(() => ticks === 100, 25)).to.equal(false);
    expect(clock.now()).to.equal(55);
  });

  it("sees what a promise did before the next timer", async () => {
    const clock = new VirtualClock();
    let done = false;
    clock.after(
      1,
      () =>
        void Promise.resolve()
          .then(() => Promise.resolve())
          .then(() => (done = true)),
    );
    clock.after(2, () => {});
    await clock.advanceUntil(() => done, 10);
    expect(clock.now()).to.equal(1);
  });

  it("jumps without running anything; what fell due meanwhile runs at the next move, late", async () => {
    const clock = new VirtualClock();
    const ran: number[] = [];
    clock.after(10, () => ran.push(clock.now()));
    clock.jump(3_600_000);
    expect([clock.now(), clock.pending, ran]).to.deep.equal([3_600_000, 1, []]);
    await clock.advance(0);
    expect(ran).to.deep.equal([3_600_000]);
    expect(() => clock.jump(-1)).to.throw(RangeError);
  });

  it("refuses to be moved twice at once, which a forgotten await does", async () => {
    const clock = new VirtualClock();
    const first = clock.advance(10);
    expect((await rejection(clock.advance(10))).message).to.include("await the advance() before");
    await first;
    expect(clock.now()).to.equal(10);
  });

  it("takes a delay that is no number for 0, and moves by nothing but a time", async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    clock.after(NaN, () => seen.push(clock.now()));
    await clock.advance(1);
    expect(seen).to.deep.equal([0]);
    for (const ms of [NaN, -1, Infinity]) {
      for (const moved of [clock.advance(ms), clock.advanceUntil(() => false, ms)]) {
        const error = await rejection(moved);
        expect(error).to.be.instanceOf(RangeError);
        expect(error.message).to.include(`${ms} was given`);
      }
    }
    expect(clock.now()).to.equal(1);
  });
});

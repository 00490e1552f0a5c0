import { expect } from "chai";
import { QuietTime } from "../../lib/gateway/quiet-time.js";
import { SimulatedClock } from "../../lib/testing/simulated-clock.js";

describe("QuietTime", () => {
  let clock: SimulatedClock;
  let quiet: QuietTime;
  let ran: number;
  const run = (): void => void ran++;

  beforeEach(() => {
    clock = new SimulatedClock(1_000);
    quiet = new QuietTime(clock);
    ran = 0;
  });

  it("is there from the beginning, in the next turn", async () => {
    quiet.afterReadPass(run);
    expect(ran).to.equal(0);
    await clock.advance(0);
    expect([ran, clock.pending]).to.deep.equal([1, 0]);
  });

  it("comes 5 ms after the last disturbance", async () => {
    quiet.disturb();
    quiet.afterReadPass(run);
    await clock.advance(3);
    quiet.disturb();
    await clock.advance(4.9);
    expect(ran).to.equal(0);
    await clock.advance(0.1);
    expect([ran, clock.pending]).to.deep.equal([1, 0]);
  });

  it("comes as soon as somebody has left, in the next turn, and stays until the next disturbance", async () => {
    quiet.disturb();
    quiet.afterReadPass(run);
    quiet.settle();
    expect(ran).to.equal(0);
    await clock.advance(0);
    expect([ran, clock.pending]).to.deep.equal([1, 0]);
    quiet.settle();
    quiet.afterReadPass(run);
    await clock.advance(0);
    expect(ran).to.equal(2);
    quiet.disturb();
    quiet.afterReadPass(run);
    await clock.advance(4.9);
    expect(ran).to.equal(2);
  });

  it("calls back once, however often somebody leaves", async () => {
    quiet.disturb();
    quiet.afterReadPass(run);
    quiet.settle();
    quiet.disturb();
    quiet.settle();
    await clock.advance(20);
    expect([ran, clock.pending]).to.deep.equal([1, 0]);
  });

  it("leaves nothing behind where it is cancelled, while it waits and in its last turn", async () => {
    quiet.disturb();
    quiet.afterReadPass(run).cancel();
    expect(clock.pending).to.equal(0);
    quiet.settle();
    expect(clock.pending, "not even where somebody leaves then").to.equal(0);
    quiet.afterReadPass(run).cancel();
    await clock.advance(20);
    expect([ran, clock.pending]).to.deep.equal([0, 0]);
  });

  it("keeps no process alive", () => {
    let [made, unrefs] = [0, 0];
    const watched = (timer: () => void): { cancel: () => void; unref: () => void } => {
      timer();
      made++;
      return { cancel: () => {}, unref: () => void unrefs++ };
    };
    quiet = new QuietTime({ now: () => 0, after: () => watched(() => {}), afterReadPass: () => watched(() => {}) });
    quiet.disturb();
    quiet.afterReadPass(run);
    quiet.settle();
    expect([made, unrefs]).to.deep.equal([2, 2]);
  });
});

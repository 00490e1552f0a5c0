import { expect } from "chai";
import sinon from "sinon";

import { systemClock } from "../../lib/transport/system-clock.js";
import { within } from "../support/transport-recorder.js";

/** What the clock is made of, and no more: a fake `nextTick` would swallow what Node still has to do for other sockets. */
const TIMERS = ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate"] as const;

describe("systemClock", () => {
  afterEach(() => sinon.restore());

  it("never goes back", () => {
    const readings = Array.from({ length: 1_000 }, () => systemClock.now());
    expect(readings).to.deep.equal(readings.toSorted((a, b) => a - b));
  });

  it("runs a callback once, after the delay and not within the call", () => {
    const fake = sinon.useFakeTimers({ toFake: [...TIMERS] });
    const callback = sinon.spy();
    systemClock.after(25, callback);
    fake.tick(24);
    expect(callback.callCount).to.equal(0);
    fake.tick(1_000);
    expect(callback.callCount).to.equal(1);
  });

  it("does not run a cancelled callback, and takes a second cancel calmly", () => {
    const fake = sinon.useFakeTimers({ toFake: [...TIMERS] });
    const callback = sinon.spy();
    const timers = [systemClock.after(5, callback), systemClock.afterReadPass(callback)];
    for (const timer of [...timers, ...timers]) timer.cancel();
    fake.tick(10);
    expect(callback.callCount).to.equal(0);
  });

  it("takes a negative delay as none", async () => {
    await within(new Promise<void>((resolve) => systemClock.after(-5, resolve)));
  });

  it("waits as long as it is told, also where that is longer than a timer of Node can be", () => {
    const fake = sinon.useFakeTimers({ toFake: [...TIMERS] });
    const callback = sinon.spy();
    const longMs = 3 * 2 ** 31;
    systemClock.after(longMs, callback);
    const cancelled = systemClock.after(longMs, callback);
    fake.tick(longMs - 1);
    expect(callback.callCount).to.equal(0);
    cancelled.cancel();
    fake.tick(1);
    expect(callback.callCount).to.equal(1);
  });

  it("does not fire at once where the delay is longer than a timer can be", () => {
    const timeouts = sinon.spy(globalThis, "setTimeout");
    systemClock.after(2 ** 40, () => {}).cancel();
    expect(timeouts.firstCall.args[1]).to.equal(2 ** 31 - 1);
  });

  it("runs what waits for a read pass after the sockets were read, not within the call", async () => {
    const order: string[] = [];
    const passed = new Promise<void>((resolve) =>
      systemClock.afterReadPass(() => {
        order.push("read pass");
        resolve();
      }),
    );
    process.nextTick(() => order.push("tick"));
    order.push("call");
    await within(passed);
    expect(order).to.deep.equal(["call", "tick", "read pass"]);
  });

  it("lets the process end while an unreferenced timer is pending", () => {
    const held = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = held();
    const timer = systemClock.after(60_000, () => {});
    const pass = systemClock.afterReadPass(() => {});
    expect(held()).to.equal(before + 1);
    timer.unref();
    pass.unref();
    expect(held()).to.equal(before);
    timer.cancel();
    pass.cancel();
  });
});

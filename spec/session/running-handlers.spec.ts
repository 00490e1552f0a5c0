import { expect } from "chai";
import type { UsmpError } from "../../lib/errors.js";
import { Emitter } from "../../lib/session/emitter.js";
import { RunningHandlers } from "../../lib/session/running-handlers.js";
import { isPending, microtasks } from "../support/session-waits.js";

interface Events {
  error: [error: UsmpError];
  go: [];
}

describe("RunningHandlers", () => {
  let running: RunningHandlers;
  let emitter: Emitter<Events>;
  let errors: string[];

  beforeEach(() => {
    running = new RunningHandlers();
    emitter = new Emitter<Events>({ error: true, go: true }, { running });
    errors = [];
    emitter.observe("error", ({ message }) => errors.push(message));
  });

  it("are idle where there are none", async () => {
    expect(await isPending(running.idle())).to.equal(false);
  });

  it("are idle for all who wait when the last is done, not before", async () => {
    const ends: (() => void)[] = [];
    for (let at = 0; at < 3; at++) running.add(new Promise((resolve) => ends.push(resolve)));
    const waiting = [running.idle(), running.idle()];
    ends[2]!();
    ends[0]!();
    expect(await isPending(Promise.race(waiting))).to.equal(true);
    ends[1]!();
    await microtasks();
    expect(await Promise.all(waiting.map(isPending))).to.deep.equal([false, false]);
    expect(await isPending(running.idle())).to.equal(false);
  });

  it("are the callbacks that gave a promise, also where that rejects", async () => {
    let fail: (error: Error) => void = () => {};
    emitter.add("on", "go", () => {});
    emitter.add("on", "go", () => new Promise((_, reject) => (fail = reject)));
    emitter.emit("go");
    expect(await isPending(running.idle())).to.equal(true);
    fail(new Error("x"));
    await microtasks();
    expect([await isPending(running.idle()), errors]).to.deep.equal([false, ["a callback failed: x"]]);
  });

  it("take a callback that throws for none", async () => {
    emitter.add("on", "go", () => {
      throw new Error("x");
    });
    emitter.emit("go");
    expect([await isPending(running.idle()), errors.length]).to.deep.equal([false, 1]);
  });

  it("take what `await` takes for a promise: its `then` gives nothing back", async () => {
    let settle: (value: unknown) => void = () => {};
    emitter.add("on", "go", () => ({ then: (resolve: (value: unknown) => void): void => void (settle = resolve) }));
    emitter.emit("go");
    await microtasks();
    expect([await isPending(running.idle()), errors]).to.deep.equal([true, []]);
    settle(1);
    await microtasks();
    expect(await isPending(running.idle())).to.equal(false);
  });

  it("are not held up by a `then` that throws: that is the callback's error", async () => {
    emitter.add("on", "go", () => ({
      then: (): never => {
        throw new Error("x");
      },
    }));
    emitter.emit("go");
    await microtasks();
    expect([await isPending(running.idle()), errors]).to.deep.equal([false, ["a callback failed: x"]]);
  });
});

import { expect } from "chai";
import { GuardedEmitter, type EventMap } from "../../lib/session/guarded-emitter.js";
import { RunningHandlers } from "../../lib/session/running-handlers.js";
import { isPending, microtasks } from "../support/session-waits.js";

interface Events extends EventMap {
  go: [];
}

class Emitter extends GuardedEmitter<Events> {
  go(): void {
    this.dispatch("go");
  }
}

describe("RunningHandlers", () => {
  let running: RunningHandlers;
  let emitter: Emitter;
  let errors: string[];

  beforeEach(() => {
    running = new RunningHandlers();
    emitter = new Emitter({ error: true, go: true });
    emitter.countHandlersIn(running);
    errors = [];
    emitter.on("error", ({ message }) => errors.push(message));
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
    emitter.on("go", () => {});
    emitter.on("go", () => new Promise((_, reject) => (fail = reject)));
    emitter.go();
    expect(await isPending(running.idle())).to.equal(true);
    fail(new Error("x"));
    await microtasks();
    expect([await isPending(running.idle()), errors]).to.deep.equal([false, ["a callback failed: x"]]);
  });

  it("take a callback that throws for none", async () => {
    emitter.on("go", () => {
      throw new Error("x");
    });
    emitter.go();
    expect([await isPending(running.idle()), errors.length]).to.deep.equal([false, 1]);
  });

  it("take what `await` takes for a promise: its `then` gives nothing back", async () => {
    let settle: (value: unknown) => void = () => {};
    emitter.on("go", () => ({ then: (resolve: (value: unknown) => void): void => void (settle = resolve) }));
    emitter.go();
    await microtasks();
    expect([await isPending(running.idle()), errors]).to.deep.equal([true, []]);
    settle(1);
    await microtasks();
    expect(await isPending(running.idle())).to.equal(false);
  });

  it("are not held up by a `then` that throws: that is the callback's error", async () => {
    emitter.on("go", () => ({
      then: (): never => {
        throw new Error("x");
      },
    }));
    emitter.go();
    await microtasks();
    expect([await isPending(running.idle()), errors]).to.deep.equal([false, ["a callback failed: x"]]);
  });
});

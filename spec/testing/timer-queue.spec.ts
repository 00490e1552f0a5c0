import { expect } from "chai";
import fc from "fast-check";
import { TimerQueue } from "../../lib/testing/timer-queue.js";

describe("TimerQueue", () => {
  it("gives out what is due by time, and by order where times are equal", () => {
    const queue = new TimerQueue();
    const run: string[] = [];
    for (const [at, name] of [
      [5, "c"],
      [1, "a"],
      [5, "d"],
      [3, "b"],
    ] as const)
      queue.add(at, () => run.push(name));
    for (let due = queue.take(5); due !== null; due = queue.take(5)) due.callback();
    expect(run.join("")).to.equal("abcd");
    expect(queue.size).to.equal(0);
  });

  it("keeps what is due later, and forgets what was removed", () => {
    const queue = new TimerQueue();
    const removed = queue.add(1, () => {});
    queue.add(2, () => {});
    queue.remove(removed);
    queue.remove(removed);
    expect(queue.size).to.equal(1);
    expect(queue.take(1)).to.equal(null);
    const due = queue.take(2);
    expect(due?.at).to.equal(2);
    if (due !== null) queue.remove(due);
    expect(queue.size).to.equal(0);
    expect(queue.take(Infinity)).to.equal(null);
  });

  it("sorts as a stable sort does, whatever is removed in between", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ at: fc.nat(20), removed: fc.boolean() })), (entries) => {
        const queue = new TimerQueue();
        const added = entries.map(({ at, removed }) => ({ due: queue.add(at, () => {}), removed }));
        for (const { due, removed } of added) if (removed) queue.remove(due);
        const expected = added
          .filter(({ removed }) => !removed)
          .map(({ due }) => due)
          .sort((a, b) => a.at - b.at || a.order - b.order);
        const taken = [];
        for (let due = queue.take(20); due !== null; due = queue.take(20)) taken.push(due);
        expect(taken).to.deep.equal(expected);
      }),
    );
  });
});

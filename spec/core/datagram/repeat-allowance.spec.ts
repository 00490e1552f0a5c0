import { expect } from "chai";
import fc from "fast-check";
import { RepeatAllowance, type Copied } from "../../../lib/core/datagram/repeat-allowance.js";

describe("RepeatAllowance", () => {
  function taken(allowance: RepeatAllowance, copied: Copied, times: number, now: number): number {
    return Array.from({ length: times }, () => allowance.take(copied, now)).filter(Boolean).length;
  }

  it("gives 8 at once, and the next when a second has passed since the first (§6)", () => {
    const allowance = new RepeatAllowance();
    expect(taken(allowance, "newest", 100, 5_000)).to.equal(8);
    expect(taken(allowance, "newest", 100, 5_999)).to.equal(0);
    expect(taken(allowance, "newest", 100, 6_000)).to.equal(8);
  });

  it("allows older frames half of the answers, so that replays do not use up those of the newest one", () => {
    const allowance = new RepeatAllowance();
    expect(taken(allowance, "older", 100, 0)).to.equal(4);
    expect(taken(allowance, "newest", 100, 0)).to.equal(4);
    expect(taken(allowance, "older", 100, 999)).to.equal(0);
    expect(taken(allowance, "older", 1, 1_000)).to.equal(1);
  });

  it("takes nothing by being asked", () => {
    const allowance = new RepeatAllowance();
    for (let time = 0; time < 100; time++) expect(allowance.allows("older", 0)).to.equal(true);
    expect(taken(allowance, "newest", 8, 0)).to.equal(8);
    expect([allowance.allows("newest", 0), allowance.allows("newest", 1_000)]).to.deep.equal([false, true]);
  });

  it("allows at most 8 answers in any second, at any pattern of requests", () => {
    const asks = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.constantFrom<Copied>("newest", "older")));
    fc.assert(
      fc.property(asks, (steps) => {
        const allowance = new RepeatAllowance();
        const given: number[] = [];
        let now = 0;
        for (const [ms, copied] of steps) {
          now += ms;
          if (allowance.take(copied, now)) given.push(now);
        }
        return given.every((at, index) => index < 8 || at - given[index - 8]! >= 1_000);
      }),
      { seed: 73 },
    );
  });
});

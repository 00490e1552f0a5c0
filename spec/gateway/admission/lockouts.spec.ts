import { expect } from "chai";
import { Lockouts } from "../../../lib/gateway/admission/lockouts.js";

const PAIR = "192.0.2.1 24:0a:c4:00:00:0a";

describe("Lockouts", () => {
  function lockouts(mostEntries = 8): Lockouts {
    return new Lockouts({ afterFailures: 5, firstMs: 1_000, mostMs: 60_000, mostEntries });
  }

  function failures(locks: Lockouts, count: number, pair = PAIR, now = 0): number[] {
    return Array.from({ length: count }, () => locks.fail(pair, now));
  }

  it("begin with the fifth failure, at 1 s, and double up to 60 s (docs/gateway.md#limits)", () => {
    const seconds = [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60].map((each) => each * 1_000);
    expect(failures(lockouts(), 12)).to.deep.equal(seconds);
  });

  it("stay at the most after any number of failures", () => {
    const locks = lockouts();
    expect(failures(locks, 3_000).at(-1)).to.equal(60_000);
    expect(locks.remainingMs(PAIR, 59_999)).to.equal(1);
  });

  it("last to the millisecond, and nobody is locked out at first", () => {
    const locks = lockouts();
    expect(locks.remainingMs(PAIR, 0)).to.equal(0);
    failures(locks, 4);
    expect(locks.remainingMs(PAIR, 0)).to.equal(0);
    failures(locks, 1, PAIR, 500);
    expect([500, 1_499, 1_500, 9_999].map((now) => locks.remainingMs(PAIR, now))).to.deep.equal([1_000, 1, 0, 0]);
  });

  it("go on counting after a lockout is over", () => {
    const locks = lockouts();
    failures(locks, 5);
    expect(failures(locks, 1, PAIR, 1_000)).to.deep.equal([2_000]);
  });

  it("begin at the first failure where they are told so", () => {
    const locks = new Lockouts({ afterFailures: 1, firstMs: 10, mostMs: 10, mostEntries: 1 });
    expect(failures(locks, 3)).to.deep.equal([10, 10, 10]);
  });

  it("are of one pair alone: neither another device at that address nor that device elsewhere", () => {
    const locks = lockouts();
    failures(locks, 9);
    for (const other of ["192.0.2.1 24:0a:c4:00:00:0b", "192.0.2.2 24:0a:c4:00:00:0a"])
      expect(locks.remainingMs(other, 0)).to.equal(0);
  });

  it("are forgotten with the right key", () => {
    const locks = lockouts();
    failures(locks, 9);
    locks.clear(PAIR);
    expect(locks.remainingMs(PAIR, 0)).to.equal(0);
    expect(failures(locks, 5)).to.deep.equal([0, 0, 0, 0, 1_000]);
  });

  it("are bounded: the pair that failed longest ago is forgotten first", () => {
    const locks = lockouts(2);
    failures(locks, 5, "a x");
    failures(locks, 5, "b x");
    failures(locks, 1, "a x");
    failures(locks, 1, "c x");
    expect(["a x", "b x"].map((pair) => locks.remainingMs(pair, 0))).to.deep.equal([2_000, 0]);
  });
});

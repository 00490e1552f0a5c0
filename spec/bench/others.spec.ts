import { expect } from "chai";

import { busyShare, tellOthers } from "../../bench/others.js";

const reading = (
  user: number,
  idle: number,
): { times: { user: number; nice: number; sys: number; idle: number; irq: number } } => ({
  times: { user, nice: 0, sys: 0, idle, irq: 0 },
});

describe("What else the machine does", () => {
  it("is the share of all cores that was not idle meanwhile", () => {
    const before = [reading(1_000, 500), reading(2_000, 0)];
    const after = [reading(1_050, 550), reading(2_000, 100)];
    expect(busyShare(before, after)).to.equal(0.25);
    expect(busyShare(before, before)).to.equal(0);
  });

  it("makes the figures unsure where it is much, at any time", () => {
    expect(tellOthers([])).to.include("at most 0 %");
    expect(tellOthers([0.01, 0.03, 0])).to.include("at most 3 %");
    expect(tellOthers([0, 0.5, 0])).to.match(/^UNSURE.*50 %/);
  });
});

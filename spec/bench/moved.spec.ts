import { expect } from "chai";

import type { Finding } from "../../bench/judge.js";
import { moves, turned } from "../../bench/moved.js";
import type { ComparisonResult } from "../../bench/results.js";

function result(finding: Partial<Finding>): ComparisonResult[] {
  const findings: Finding[] = [
    {
      comparison: "echo",
      figure: "p50",
      unit: "us",
      against: "other",
      measure: "ratio",
      value: 2,
      low: 1.9,
      high: 2.1,
      ...finding,
    },
  ];
  return [{ title: "echo", unit: "us", contestants: [], findings, missing: {}, others: 0 }];
}

describe("What moved since the committed results", () => {
  it("is nothing where the spreads touch", () => {
    expect(moves(result({}), result({ value: 2.4, low: 2.1, high: 2.6 }))).to.eql([]);
  });

  it("is nothing where the change is small, however narrow the spreads", () => {
    expect(moves(result({ low: 2, high: 2 }), result({ value: 2.05, low: 2.05, high: 2.05 }))).to.eql([]);
  });

  it("is what lies beyond both spreads, in either direction", () => {
    expect(moves(result({}), result({ value: 2.4, low: 2.2, high: 2.6 }))).to.have.length(1);
    expect(moves(result({}), result({ value: 1.5, low: 1.4, high: 1.8 }))).to.have.length(1);
  });

  it("is not a figure that the committed results lack", () => {
    expect(moves([], result({ value: 9, low: 9, high: 9 }))).to.eql([]);
    expect(moves(result({}), result({ against: "another", value: 9, low: 9, high: 9 }))).to.eql([]);
  });

  it("is for better or worse as the goal has it", () => {
    const grown = { value: 3, low: 2.9, high: 3.1 };
    const [atLeast] = moves(result({}), result({ ...grown, least: 1 }));
    const [atMost] = moves(result({}), result({ ...grown, most: 9 }));
    const [noGoal] = moves(result({}), result(grown));
    expect([atLeast?.better, atMost?.better, noGoal?.better]).to.eql([true, false, null]);
  });

  it("says whether a goal was met before and is not now", () => {
    const after = (most: number): boolean[] =>
      moves(result({ most }), result({ value: 3, low: 3, high: 3, most })).map(turned);
    expect([after(2.5), after(4)]).to.eql([[true], [false]]);
  });
});

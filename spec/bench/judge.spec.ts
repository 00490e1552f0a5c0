import { expect } from "chai";

import { atLeast, atMostItself, atMostMore, type Comparison, type Goal, type Rounds } from "../../bench/comparison.js";
import { findings, hasGoal, isMet, type Finding } from "../../bench/judge.js";

const ROUNDS: Rounds = new Map([
  ["ours", [{ p50: 10 }, { p50: 30 }, { p50: 20 }]],
  ["other", [{ p50: 5 }, { p50: 5 }, { p50: 10 }]],
]);

function judged(goals: readonly Goal[], rounds = ROUNDS): Finding[] {
  const contestants = ["ours", "other"].map((name) => ({
    name,
    start: () => Promise.reject(new Error("not started")),
  }));
  const comparison: Comparison = { title: "a comparison", unit: "us", contestants, goals };
  return findings(comparison, rounds);
}

describe("What the bench finds", () => {
  it("divides our median by the other's, and tells the extremes of the rounds", () => {
    const [finding] = judged([]);
    expect(finding).to.eql({
      comparison: "a comparison",
      figure: "p50",
      unit: "us",
      against: "other",
      measure: "ratio",
      value: 4,
      low: 2,
      high: 6,
    });
    expect(hasGoal(finding as Finding)).to.be.false;
  });

  it("holds a ratio against its goal, once", () => {
    const found = judged([atLeast(4, "p50", "other")]);
    expect(found).to.have.length(1);
    expect(found.map(isMet)).to.eql([true]);
    expect(judged([atLeast(4.1, "p50", "other")]).map(isMet)).to.eql([false]);
  });

  it("subtracts where the goal is a difference", () => {
    const [finding] = judged([atMostMore(15, "p50", "other")]);
    expect(finding).to.include({ value: 15, low: 5, high: 25, most: 15 });
    expect(isMet(finding as Finding)).to.be.true;
  });

  it("takes our figure by itself where the goal is one", () => {
    const [finding] = judged([atMostItself(19, "p50")]);
    expect(finding).to.include({ against: null, value: 20, low: 10, high: 30 });
    expect(isMet(finding as Finding)).to.be.false;
  });

  it("finds nothing about a contestant that could not be measured", () => {
    expect(judged([atLeast(4, "p50", "other")], new Map([["ours", [{ p50: 10 }]]]))).to.eql([]);
  });
});

import { expect } from "chai";

import type { Comparison, Contestant } from "../../bench/comparison.js";
import { run, type Plan } from "../../bench/run.js";

const PLAN: Plan = { rounds: 3, mostRounds: 10, roundMs: 1 };

/** Writes down what is asked of it; measures 1, 2, 3 ... */
function scripted(name: string, script: string[], failsAt?: string): Contestant {
  const say = (what: string): void => {
    script.push(`${name} ${what}`);
    if (what === failsAt) throw new Error(`${name} cannot ${what}`);
  };
  return {
    name,
    start: async () => {
      let round = 0;
      say("start");
      return {
        warmUp: async () => say("warm up"),
        measure: async () => {
          say("measure");
          return { figure: ++round };
        },
        stop: async () => say("stop"),
      };
    },
  };
}

function comparing(contestants: readonly Contestant[], options: Partial<Comparison> = {}): Comparison {
  return { title: "a comparison", unit: "figure", contestants, goals: [], ...options };
}

describe("A run of the bench", () => {
  it("lets the contestants take turns, each as often the first as the other", async () => {
    const script: string[] = [];
    const { rounds, missing } = await run(comparing([scripted("a", script), scripted("b", script)]), PLAN);
    const turns = ["a measure", "b measure", "b measure", "a measure", "a measure", "b measure"];
    expect(script).to.eql(["a start", "b start", "a warm up", "b warm up", ...turns, "a stop", "b stop"]);
    expect([...rounds]).to.eql(["a", "b"].map((name) => [name, [1, 2, 3].map((figure) => ({ figure }))]));
    expect(missing.size).to.equal(0);
  });

  it("starts new processes for each round where the comparison asks for it", async () => {
    const script: string[] = [];
    await run(comparing([scripted("a", script)], { freshEachRound: true, rounds: 2 }), PLAN);
    const once = ["a start", "a warm up", "a measure", "a stop"];
    expect(script).to.eql([...once, ...once]);
  });

  it("has no more rounds than the plan allows", async () => {
    const { rounds } = await run(comparing([scripted("a", [])], { rounds: 50 }), PLAN);
    expect(rounds.get("a")).to.have.length(10);
  });

  it("measures all at the same time where the comparison asks for it", async () => {
    let measuring = 0;
    let most = 0;
    const waiting = (name: string): Contestant => ({
      name,
      start: async () => ({
        warmUp: async () => {},
        measure: async () => {
          most = Math.max(most, ++measuring);
          await Promise.resolve();
          measuring--;
          return {};
        },
        stop: async () => {},
      }),
    });
    await run(comparing([waiting("a"), waiting("b")], { atOnce: true }), PLAN);
    expect(most).to.equal(2);
  });

  for (const failsAt of ["start", "warm up", "measure"]) {
    it(`goes on without a contestant that fails to ${failsAt}, and says why`, async () => {
      const script: string[] = [];
      const contestants = [scripted("a", script), scripted("b", script, failsAt)];
      const { rounds, missing } = await run(comparing(contestants), PLAN);
      expect([...rounds.keys()]).to.eql(["a"]);
      expect(rounds.get("a")).to.have.length(3);
      expect([...missing]).to.eql([["b", `b cannot ${failsAt}`]]);
      const stops = script.filter((line) => line === "b stop");
      expect(stops).to.have.length(failsAt === "start" ? 0 : 1);
    });
  }
});

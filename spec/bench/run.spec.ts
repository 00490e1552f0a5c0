import { expect } from "chai";

import type { Comparison } from "../../bench/comparisons.js";
import { run, type Enter } from "../../bench/run.js";
import { oneWay } from "../../bench/works.js";

const PLAN = { rounds: 3, roundMs: 1 };

const COMPARISON: Comparison = {
  title: "a comparison",
  setup: { carrier: "tcp", cipher: "aes-256-gcm", size: 32 },
  work: oneWay(1),
  contenders: ["a", "b"].map((name) => ({ name, script: "none" })),
};

/** Writes down what is asked of the contenders; each measures 1, 2, 3. `failsAt`: "b enters" or "b measures". */
function scripted(script: string[], failsAt?: string): Enter {
  return async ({ name }) => {
    const note = (what: string): void => {
      script.push(`${name} ${what}`);
      if (`${name} ${what}` === failsAt) throw new Error(`${name} broke`);
    };
    note("enters");
    let round = 0;
    return {
      measure: async () => {
        note("measures");
        return { figure: ++round };
      },
      stop: async () => note("stops"),
    };
  };
}

describe("A run of the bench", () => {
  it("lets the contenders take turns and reverses their order with every round", async () => {
    const script: string[] = [];
    const { rounds, failed } = await run(COMPARISON, PLAN, scripted(script));
    const turns = ["a measures", "b measures", "b measures", "a measures", "a measures", "b measures"];
    expect(script).to.eql(["a enters", "b enters", ...turns, "a stops", "b stops"]);
    expect([...rounds]).to.eql(["a", "b"].map((name) => [name, [1, 2, 3].map((figure) => ({ figure }))]));
    expect(failed.size).to.equal(0);
  });

  for (const failsAt of ["b enters", "b measures"]) {
    it(`continues without a contender that fails when it ${failsAt.slice(2)}, and says why`, async () => {
      const script: string[] = [];
      const { rounds, failed } = await run(COMPARISON, PLAN, scripted(script, failsAt));
      expect([...rounds.keys()]).to.eql(["a"]);
      expect(rounds.get("a")).to.have.length(3);
      expect([...failed]).to.eql([["b", "b broke"]]);
      expect(script.filter((line) => line === failsAt)).to.have.length(1);
      expect(script.filter((line) => line === "b stops")).to.have.length(failsAt === "b enters" ? 0 : 1);
    });
  }
});

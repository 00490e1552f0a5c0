import { expect } from "chai";
import { PerSecond } from "../../lib/session/per-second.js";

describe("PerSecond", () => {
  it("lets so many through in a second, and says with the next one how many it left out", () => {
    const limit = new PerSecond(2);
    expect([0, 10, 20, 999.9].map((now) => limit.pass(now))).to.deep.equal([0, 0, null, null]);
    expect([1000, 1000, 1000, 2000].map((now) => limit.pass(now))).to.deep.equal([2, 0, null, 1]);
  });

  it("lets nothing through where nothing is allowed", () => {
    const limit = new PerSecond(0);
    expect([0, 1000].map((now) => limit.pass(now))).to.deep.equal([null, null]);
  });
});

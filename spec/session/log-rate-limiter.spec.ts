import { expect } from "chai";
import { LogRateLimiter } from "../../lib/session/log-rate-limiter.js";

describe("LogRateLimiter", () => {
  it("passes as many lines a second as it was told, and says with the next one how many it dropped", () => {
    const limiter = new LogRateLimiter(2, 0);
    expect([0, 10, 20, 499].map((now) => limiter.tryPass(now))).to.deep.equal([0, 0, null, null]);
    expect([510, 510, 1_000, 2_000, 2_000].map((now) => limiter.tryPass(now))).to.deep.equal([2, null, 1, 0, 0]);
  });

  it("passes nothing if nothing is allowed", () => {
    const limiter = new LogRateLimiter(0, 0);
    expect([0, 1000].map((now) => limiter.tryPass(now))).to.deep.equal([null, null]);
  });
});

import { expect } from "chai";
import { ControlRateLimiter } from "../../../lib/core/session/control-rate-limiter.js";

/** How many can be taken at `now` in a row, up to 1000. */
function takeAll(allowance: ControlRateLimiter, now: number): number {
  let taken = 0;
  while (taken < 1000 && allowance.tryTake(now)) taken++;
  return taken;
}

describe("ControlRateLimiter", () => {
  it("allows eight at once, and not a ninth (§4)", () => {
    expect(takeAll(new ControlRateLimiter(0), 0)).to.equal(8);
  });

  it("allows eight more a second, one every 125 ms", () => {
    const allowance = new ControlRateLimiter(500);
    takeAll(allowance, 500);
    expect(allowance.tryTake(500 + 124)).to.equal(false);
    expect(allowance.tryTake(500 + 125)).to.equal(true);
    expect(allowance.tryTake(500 + 125)).to.equal(false);
    expect(takeAll(allowance, 500 + 1125)).to.equal(8);
  });

  it("goes on for ever at eight a second", () => {
    const allowance = new ControlRateLimiter(0);
    for (let now = 0; now < 100_000; now += 125) expect(allowance.tryTake(now), `at ${now}`).to.equal(true);
  });

  it("ends a stream of nine a second", () => {
    const allowance = new ControlRateLimiter(0);
    let taken = 0;
    for (let now = 0; allowance.tryTake(now); now += 1000 / 9) taken++;
    expect(taken).to.be.within(8, 80);
  });

  it("saves up 64 at most, however long nothing came", () => {
    const allowance = new ControlRateLimiter(0);
    expect(takeAll(allowance, 3_600_000)).to.equal(64);
    expect(takeAll(allowance, 3_600_000)).to.equal(0);
  });

  it("forgives what piles up in a pause, one frame for 10 s, beyond what can be saved up (case 69)", () => {
    const allowance = new ControlRateLimiter(0);
    takeAll(allowance, 0);
    allowance.credit(3_600_000);
    expect(takeAll(allowance, 3_600_000)).to.equal(360);
    expect(takeAll(allowance, 3_600_000)).to.equal(0);
    expect(takeAll(allowance, 3_601_000)).to.equal(8);
  });

  it("gives nothing back for a refusal", () => {
    const allowance = new ControlRateLimiter(0);
    takeAll(allowance, 0);
    for (let now = 0; now < 124; now++) expect(allowance.tryTake(now)).to.equal(false);
    expect(allowance.tryTake(125)).to.equal(true);
  });
});

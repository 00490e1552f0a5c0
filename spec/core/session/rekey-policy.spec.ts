import { expect } from "chai";
import { REKEY_INTERVAL_MS, RekeyPolicy } from "../../../lib/core/session/rekey-policy.js";

const ROTATION = { rekeyAfterMs: 60_000, rekeyAfterFrames: 100 };

describe("RekeyPolicy", () => {
  it("wants nothing by itself without options, however old and much used the keys are", () => {
    const policy = new RekeyPolicy(null, 0);
    expect(policy.judge(2 ** 32, 1e12)).to.equal(false);
    expect(policy.nextDeadline(true)).to.equal(Infinity);
  });

  it("wants a REKEY at the age of the keys, and is due then", () => {
    const policy = new RekeyPolicy(ROTATION, 1_000);
    expect(policy.nextDeadline(true)).to.equal(61_000);
    expect([policy.judge(0, 60_999), policy.judge(0, 61_000)]).to.deep.equal([false, true]);
  });

  it("wants a REKEY after so many frames", () => {
    const policy = new RekeyPolicy({ rekeyAfterMs: 0, rekeyAfterFrames: 100 }, 0);
    expect([policy.judge(99, 1e12), policy.judge(100, 0)]).to.deep.equal([false, true]);
  });

  it("wants one until it has started", () => {
    const policy = new RekeyPolicy(ROTATION, 0);
    policy.judge(100, 0);
    expect([policy.isWanted, policy.judge(0, 0)]).to.deep.equal([true, true]);
    policy.started(10);
    expect([policy.isWanted, policy.judge(0, 10), policy.nextDeadline(true)]).to.deep.equal([false, false, 60_010]);
  });

  it("counts the age anew when the peer has rotated the keys", () => {
    const policy = new RekeyPolicy(ROTATION, 0);
    policy.rotated(40_000);
    expect(policy.nextDeadline(true)).to.equal(100_000);
  });

  it("starts at most one per second, and waits for a frame if none can start (§4)", () => {
    const policy = new RekeyPolicy(null, 0);
    expect(policy.mayStart(0)).to.equal(true);
    policy.started(0);
    policy.want();
    expect(policy.nextDeadline(true)).to.equal(REKEY_INTERVAL_MS);
    expect(policy.nextDeadline(false)).to.equal(Infinity);
    expect([policy.mayStart(REKEY_INTERVAL_MS - 1), policy.mayStart(REKEY_INTERVAL_MS)]).to.deep.equal([false, true]);
  });
});

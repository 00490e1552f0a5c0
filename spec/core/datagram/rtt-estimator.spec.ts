import { expect } from "chai";
import { MIN_RTO_MS, MAX_RTO_MS } from "../../../lib/core/handshake/retransmitter.js";
import { RttEstimator } from "../../../lib/core/datagram/rtt-estimator.js";

describe("RttEstimator", () => {
  it("waits 500 ms before anything was measured (§6)", () => {
    const path = new RttEstimator();
    expect(path.rtoMs).to.equal(500);
    expect(path.smoothedMs).to.equal(null);
  });

  it("takes the first measurement as it is, and half of it for its variation (RFC 6298, 2.2)", () => {
    const path = new RttEstimator();
    path.measured(200);
    expect(path.smoothedMs).to.equal(200);
    expect(path.rtoMs).to.equal(200 + 4 * 100);
  });

  it("weighs a later one with 1/8 and its deviation with 1/4 (RFC 6298, 2.3)", () => {
    const path = new RttEstimator();
    path.measured(200);
    path.measured(280);
    // RTTVAR = 3/4 * 100 + 1/4 * 80 = 95, SRTT = 7/8 * 200 + 1/8 * 280 = 210
    expect(path.smoothedMs).to.equal(210);
    expect(path.rtoMs).to.equal(210 + 4 * 95);
  });

  it("stays within 100 ms and 5 s (§6)", () => {
    const quick = new RttEstimator();
    quick.measured(0.1);
    expect(quick.rtoMs).to.equal(MIN_RTO_MS).and.to.equal(100);
    const slow = new RttEstimator();
    slow.measured(10_000);
    expect(slow.rtoMs).to.equal(MAX_RTO_MS).and.to.equal(5_000);
  });

  it("doubles on a timeout up to 5 s, until something is measured again (RFC 6298, 5.5 to 5.7)", () => {
    const path = new RttEstimator();
    const waits = Array.from({ length: 6 }, () => {
      path.backOff();
      return path.rtoMs;
    });
    expect(waits).to.deep.equal([1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
    path.measured(40);
    expect(path.rtoMs).to.equal(40 + 4 * 20);
  });
});

import { expect } from "chai";
import { Gatekeeper } from "../../../lib/gateway/admission/gatekeeper.js";
import { DEFAULT_LIMITS } from "../../../lib/gateway/admission/limits.js";
import { heldBytes } from "../../support/heap.js";
import { DEVICE_A } from "../../support/session-network.js";

describe("Gatekeeper", () => {
  it("case 55: keeps nothing of 100,000 arrivals from changing addresses but its tables, and locks no victim", async () => {
    let now = 1_000;
    const limits = { ...DEFAULT_LIMITS, maxTableEntries: 1_000, maxHandshakesPerSecond: 1_000_000 };
    const keeper = new Gatekeeper(limits, now);
    const before = await heldBytes();
    for (let at = 0; at < 100_000; at++) {
      const visit = keeper.admit(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, now, () => {});
      visit.identify(DEVICE_A, now);
      // Every other one stalls instead.
      if (at % 2 === 0) {
        visit.release(now);
        visit.fail(now);
      }
      expect(keeper.handshakes.size).to.be.at.most(DEFAULT_LIMITS.maxHandshakes / 2);
      now += 0.01;
    }
    expect((await heldBytes()) - before).to.be.below(2_000_000);
    keeper.admit("192.0.2.1", now, () => {}).identify(DEVICE_A, now);
  });
});

import { expect } from "chai";
import { noNetwork } from "../../lib/testing/no-network.js";
import { rejectionOf } from "../support/session-waits.js";

describe("noNetwork", () => {
  it("has a radio that is up, and nobody to talk to; it says what to give a virtual board", async () => {
    expect(noNetwork.up).to.equal(true);
    noNetwork.silence();
    const dialer = noNetwork.dialer("udp", "host", 9001);
    expect(dialer.describe()).to.equal("udp host:9001");
    const error = await rejectionOf(dialer.dial(), "TRANSPORT");
    expect(error.message).to.contain("new VirtualBoard({ gateway: new TestGateway({ psk }) })");
  });
});

import { expect } from "chai";
import sinon from "sinon";

import { DatagramLink } from "../../lib/gateway/datagram-link.js";

describe("DatagramLink", () => {
  let clock: sinon.SinonFakeTimers;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ["setImmediate", "performance"] });
  });
  afterEach(() => {
    // What all links share forgets the fake time.
    clock.runAll();
    clock.restore();
  });

  function linkTo(port: number): DatagramLink {
    return new DatagramLink({ key: String(port), address: "192.0.2.1", port, send: (_, done) => done?.() }, () => {});
  }

  /** Faster than any poll wants; whether the event loop is kept awake then. */
  function keepsAwake(link: DatagramLink): boolean {
    for (let each = 0; each < 10_000; each++) link.send(Uint8Array.of(1), () => {});
    return clock.countTimers() > 0;
  }

  it("keeps the event loop awake during a fast exchange", () => {
    expect(keepsAwake(linkTo(9_001))).to.equal(true);
  });

  it("keeps no process alive once it may end: its peer could do so for good", () => {
    const link = linkTo(9_002);
    link.unref();
    expect(keepsAwake(link)).to.equal(false);
  });

  it("keeps nothing awake when it is gone", () => {
    const link = linkTo(9_003);
    link.destroy();
    expect(keepsAwake(link)).to.equal(false);
  });
});

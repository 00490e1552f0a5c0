import { expect } from "chai";
import { KnownDevices } from "../../lib/gateway/known-devices.js";

describe("KnownDevices", () => {
  it("knows a device from its second session on", () => {
    const known = new KnownDevices();
    expect([known.note("a"), known.note("b"), known.note("a"), known.note("a")]).to.deep.equal([
      false,
      false,
      true,
      true,
    ]);
  });

  it("forgets, of more than 65,536, the one seen longest ago", () => {
    const known = new KnownDevices();
    for (let index = 0; index < 65_536; index++) known.note(`${index}`);
    known.note("0");
    known.note("one more");
    expect(known.note("0")).to.equal(true);
    expect(known.note("1")).to.equal(false);
  });
});

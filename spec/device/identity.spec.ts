import os from "node:os";
import { expect } from "chai";
import { formatDeviceId } from "../../lib/core/wire/device-id.js";
import { resolveDeviceId } from "../../lib/device/identity.js";
import { crypto } from "../support/core-crypto.js";
import { expectCode } from "../support/core-errors.js";

describe("resolveDeviceId", () => {
  it("takes text and bytes", () => {
    expect(formatDeviceId(resolveDeviceId("24:0A:c4:01:02:03", crypto))).to.equal("24:0a:c4:01:02:03");
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const id = resolveDeviceId(bytes, crypto);
    bytes.fill(0);
    expect(formatDeviceId(id)).to.equal("01:02:03:04:05:06");
  });

  it("makes a random one, locally administered and no multicast address, where none is given", () => {
    const ids = Array.from({ length: 20 }, () => resolveDeviceId(undefined, crypto));
    expect(ids.every((id) => id.length === 6 && (id[0]! & 0x03) === 0x02)).to.equal(true);
    expect(new Set(ids.map(formatDeviceId)).size).to.equal(20);
  });

  it('takes the first real interface\'s address for "mac", or says UNSUPPORTED where there is none', () => {
    const macs = Object.values(os.networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, mac }) => !internal && mac !== "00:00:00:00:00:00")
      .map(({ mac }) => mac.toLowerCase());
    if (macs.length === 0) expectCode(() => resolveDeviceId("mac", crypto), "UNSUPPORTED");
    else expect(formatDeviceId(resolveDeviceId("mac", crypto))).to.equal(macs[0]);
  });

  for (const bad of ["", "24:0a", "nonsense", new Uint8Array(5), new Uint8Array(7)]) {
    it(`refuses ${typeof bad === "string" ? JSON.stringify(bad) : `${bad.length} bytes`} with INVALID_ARG`, () => {
      expectCode(() => resolveDeviceId(bad, crypto), "INVALID_ARG");
    });
  }
});

import { expect } from "chai";
import fc from "fast-check";
import { addressPrefix } from "../../../lib/gateway/admission/address-prefix.js";

describe("addressPrefix", () => {
  for (const same of [
    "192.0.2.7",
    "127.0.0.1",
    "memory",
    "",
    "unix:/run/gateway",
    "a:b",
    "::1::2",
    "1:2:3:4:5:6:7",
    "g::1",
  ]) {
    it(`takes ${JSON.stringify(same)} as it is`, () => expect(addressPrefix(same)).to.equal(same));
  }

  for (const [address, network] of [
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["2001:db8::9", "2001:db8:0:0::/64"],
    ["2001:db8::1:2:3:4", "2001:db8:0:0::/64"],
    ["2001:db8:0:0:0:0:0:9", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["64:ff9b::192.0.2.33", "64:ff9b:0:0::/64"],
    ["1:2:3:4:5:6:192.0.2.33", "1:2:3:4::/64"],
  ] as const) {
    it(`counts ${address} as one of ${network}`, () => expect(addressPrefix(address)).to.equal(network));
  }

  it("keeps neighbouring networks apart", () => {
    expect(addressPrefix("2001:db8:1:2::1")).to.not.equal(addressPrefix("2001:db8:1:3::1"));
  });

  it("counts every address of a network as one, however it is written", () => {
    const groups = (length: number) =>
      fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: length, maxLength: length });
    fc.assert(
      fc.property(groups(4), groups(4), groups(4), (network, one, other) => {
        const [plain, padded] = [
          [...network, ...one].map((group) => group.toString(16)).join(":"),
          [...network, ...other].map((group) => group.toString(16).padStart(4, "0").toUpperCase()).join(":"),
        ];
        expect(addressPrefix(plain)).to.equal(addressPrefix(padded));
        // Node writes the longest run of zeros as "::".
        const shown = new URL(`http://[${plain}]`).hostname.slice(1, -1);
        expect(addressPrefix(shown)).to.equal(addressPrefix(plain));
      }),
      { seed: 64 },
    );
  });

  it("throws for no text, and gives no network where there is none", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(":", ".", "%", "0", "f", "1") }), (text) => {
        const group = addressPrefix(text);
        expect(group === text || /^([0-9a-f]{1,4}:){4}:\/64$/.test(group), group).to.equal(true);
      }),
      { seed: 128, numRuns: 500 },
    );
  });
});

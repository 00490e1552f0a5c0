import { expect } from "chai";
import type { NetworkInterfaceInfo } from "node:os";
import { formatTarget, parsePort, parseTarget, reachableAddress } from "../../lib/cli/address.js";
import { UsageError } from "../../lib/cli/context.js";

describe("parseTarget", () => {
  for (const [text, host, port] of [
    ["gateway", "gateway", 9000],
    ["gateway.local:9001", "gateway.local", 9001],
    ["192.168.1.7", "192.168.1.7", 9000],
    ["192.168.1.7:1", "192.168.1.7", 1],
    ["[::1]:9000", "::1", 9000],
    ["[fe80::1%eth0]:65535", "fe80::1%eth0", 65_535],
    ["[::1]", "::1", 9000],
    ["::1", "::1", 9000],
  ] as const) {
    it(`reads ${text}`, () => {
      expect(parseTarget(text)).to.deep.equal({ host, port });
      expect(parseTarget(formatTarget({ host, port }))).to.deep.equal({ host, port });
    });
  }

  for (const text of [
    "",
    ":9000",
    "[]:1",
    "[::1]x",
    "a b",
    "http://a",
    "a:",
    "a:0",
    "a:-1",
    "a:65536",
    "a:1x",
    "::",
    "0.0.0.0:9000",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseTarget(text)).to.throw(UsageError);
    });
  }
});

describe("parsePort", () => {
  it("takes 0 only to listen", () => {
    expect(parsePort("0")).to.equal(0);
    expect(() => parsePort("0", 1)).to.throw(UsageError, "from 1 to 65535");
  });
});

describe("reachableAddress", () => {
  const entry = (address: string, family: "IPv4" | "IPv6", internal: boolean): NetworkInterfaceInfo =>
    ({ address, family, internal }) as NetworkInterfaceInfo;
  const interfaces = {
    lo: [entry("127.0.0.1", "IPv4", true)],
    none: undefined,
    eth0: [entry("fe80::1", "IPv6", false), entry("192.168.1.7", "IPv4", false)],
  };

  it("gives this machine's address on the network for a wildcard", () => {
    expect(reachableAddress("0.0.0.0", interfaces)).to.equal("192.168.1.7");
    expect(reachableAddress("::", interfaces)).to.equal("192.168.1.7");
  });

  it("gives the loopback address where there is no network", () => {
    expect(reachableAddress("0.0.0.0", { lo: interfaces.lo })).to.equal("127.0.0.1");
  });

  it("leaves an address of one's own choice", () => {
    expect(reachableAddress("::1", interfaces)).to.equal("::1");
  });
});

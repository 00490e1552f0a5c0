import { expect } from "chai";
import { addressesOf, bindAddressOf, type Lookup } from "../../lib/transport/addresses.js";

const [FOUR, OTHER, SIX] = ["192.0.2.1", "192.0.2.2", "2001:db8::1"] as const;

function lookupOf(...addresses: string[]): Lookup {
  return (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
}

async function order(after: string | undefined, ...addresses: string[]): Promise<string[]> {
  return (await addressesOf("name", after, lookupOf(...addresses))).map(({ address }) => address);
}

describe("The addresses of a name", () => {
  it("are in the system's order, from the one after the one that failed", async () => {
    expect(await order(undefined, SIX, FOUR, OTHER)).to.deep.equal([SIX, FOUR, OTHER]);
    expect(await order(SIX, SIX, FOUR, OTHER)).to.deep.equal([FOUR, OTHER, SIX]);
    expect(await order(OTHER, SIX, FOUR, OTHER)).to.deep.equal([SIX, FOUR, OTHER]);
    expect(await order("198.51.100.1", SIX, FOUR)).to.deep.equal([SIX, FOUR]);
  });

  it("are tried once each where the system gives one twice, or writes an IPv4 address as an IPv6 one", async () => {
    expect(await order(undefined, FOUR, FOUR, `::ffff:${FOUR}`, SIX)).to.deep.equal([FOUR, SIX]);
    expect(await order(FOUR, FOUR, FOUR, SIX)).to.deep.equal([SIX, FOUR]);
    expect(await order(`::ffff:${FOUR}`, `::ffff:${FOUR}`, SIX)).to.deep.equal([SIX, `::ffff:${FOUR}`]);
  });

  it("are itself where it is an address, and nothing is looked up", async () => {
    const never: Lookup = () => {
      throw new Error("looked up");
    };
    for (const host of [FOUR, SIX]) {
      expect((await addressesOf(host, host, never)).map(({ address }) => address)).to.deep.equal([host]);
      expect((await bindAddressOf(host, never)).address).to.equal(host);
    }
  });

  it("to listen on is the first IPv4 address, whichever family comes first, else the first", async () => {
    expect((await bindAddressOf("name", lookupOf(SIX, FOUR, OTHER))).address).to.equal(FOUR);
    expect((await bindAddressOf("name", lookupOf(FOUR, SIX))).address).to.equal(FOUR);
    expect(await bindAddressOf("name", lookupOf(SIX))).to.deep.equal({ address: SIX, family: 6 });
  });

  it("fails with ENOTFOUND where there are none, and with what the look-up says", async () => {
    const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
    expect(await addressesOf("name", undefined, lookupOf()).catch(codeOf)).to.equal("ENOTFOUND");
    const failing: Lookup = (_host, _options, callback) =>
      callback(Object.assign(new Error("later"), { code: "EAI_AGAIN" }), []);
    expect(await bindAddressOf("name", failing).catch(codeOf)).to.equal("EAI_AGAIN");
  });
});

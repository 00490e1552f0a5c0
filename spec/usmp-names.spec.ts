/** Names on real sockets: who listens on one and who dials it meet, whatever the order of its addresses. */
import { getDefaultAutoSelectFamily, setDefaultAutoSelectFamily } from "node:net";
import { expect } from "chai";
import type { Lookup } from "../lib/transport/addresses.js";
import { TcpTransport } from "../lib/transport/tcp.js";
import { UdpTransport } from "../lib/transport/udp.js";
import { Usmp } from "../lib/usmp.js";
import { PSK } from "./support/facade-rig.js";
import { rejectionOf, soon } from "./support/session-waits.js";

const [FOUR, SIX] = ["127.0.0.1", "::1"] as const;

function lookupOf(...addresses: string[]): Lookup {
  return (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
}

for (const [kind, Transport] of [
  ["TCP", TcpTransport],
  ["UDP", UdpTransport],
] as const) {
  describe(`A name over ${kind}`, () => {
    const facades: Usmp[] = [];
    const autoSelect = getDefaultAutoSelectFamily();

    afterEach(async () => {
      setDefaultAutoSelectFamily(autoSelect);
      await Promise.all(facades.splice(0).map((facade) => facade.close()));
    });

    function usmp(): Usmp {
      const facade = new Usmp(PSK, { reconnect: false });
      facades.push(facade);
      return facade;
    }

    async function meet(listensOn: Lookup | string, dials: Lookup | string): Promise<string> {
      const [host, options] = typeof listensOn === "string" ? [listensOn, {}] : ["gateway.test", { lookup: listensOn }];
      const gateway = usmp();
      const [address] = await gateway.listen(new Transport(host, 0, options));
      const device = usmp();
      const dialer =
        typeof dials === "string"
          ? new Transport(dials, address!.port)
          : new Transport("gateway.test", address!.port, { lookup: dials });
      expect(await soon(device.begin(dialer), "connecting"), device.lastErrorString()).to.equal(true);
      return address!.address;
    }

    it("meets itself where it is localhost", async () => {
      expect(await meet("localhost", "localhost")).to.equal(FOUR);
    });

    for (const order of [
      [FOUR, SIX],
      [SIX, FOUR],
    ]) {
      it(`meets itself where its addresses are ${order.join(", ")}, and is reached from the other order`, async () => {
        expect(await meet(lookupOf(...order), lookupOf(...order))).to.equal(FOUR);
        await meet(FOUR, lookupOf(...order));
      });

      it(`is reached at ${FOUR} in that order, whatever the program set for all of its sockets: ${order.join(", ")}`, async () => {
        setDefaultAutoSelectFamily(false);
        await meet(FOUR, lookupOf(...order));
      });
    }

    it("case 82: is reached where nobody listens at the first of its addresses", async function () {
      // Only on Linux is all of 127.0.0.0/8 this machine.
      if (process.platform !== "linux") this.skip();
      await meet(FOUR, lookupOf("127.0.0.3", "127.0.0.4", FOUR));
    });

    it("names each address that was tried where nobody listens at any", async function () {
      if (process.platform !== "linux") this.skip();
      const gateway = usmp();
      const [address] = await gateway.listen(new Transport(FOUR, 0));
      const device = usmp();
      const dialer = new Transport("gateway.test", address!.port, { lookup: lookupOf("127.0.0.3", "127.0.0.4") });
      expect(await soon(device.begin(dialer), "the refusal")).to.equal(false);
      expect(device.lastErrorString()).to.match(/^TRANSPORT: nothing listens on /);
      for (const tried of ["127.0.0.3", "127.0.0.4"]) expect(device.lastErrorString()).to.contain(tried);
    });

    it("that is not known is said to be so, by who dials it and by who listens on it", async () => {
      const unknown: Lookup = (_host, _options, callback) =>
        callback(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }), []);
      const device = usmp();
      expect(await device.begin(new Transport("gateway.test", 9, { lookup: unknown }))).to.equal(false);
      expect(device.lastErrorString()).to.match(/^TRANSPORT: the name "gateway.test" is not known/);
      const listening = usmp().listen(new Transport("gateway.test", 0, { lookup: unknown }));
      const error = await rejectionOf(listening, "TRANSPORT");
      expect(error.message).to.contain('"gateway.test" is not known');
    });
  });
}

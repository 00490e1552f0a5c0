import { expect } from "chai";
import { VirtualClock } from "../../../lib/testing/virtual-clock.js";
import {
  MemoryDatagramNetwork,
  type MemoryDatagramNetworkOptions,
} from "../../../lib/testing/network/memory-datagrams.js";
import { datagramTransportCases } from "../../../lib/testing/conformance/datagram-cases.js";
import { expectCode } from "../../support/core-errors.js";
import { rejectionOf } from "../../support/session-waits.js";

describe("MemoryDatagramNetwork", () => {
  const clock = new VirtualClock();

  function networkOf(options: Partial<MemoryDatagramNetworkOptions> = {}): MemoryDatagramNetwork {
    return new MemoryDatagramNetwork({ clock, seed: 1, ...options });
  }

  describe("as every transport for datagrams", () => {
    const cases = datagramTransportCases(() => {
      const network = networkOf();
      return {
        acceptor: () => network.acceptor(),
        dialer: () => network.dialer(),
        eventually: async (ready) => {
          for (let turn = 0; turn < 100 && !ready(); turn++) await clock.advance(1);
          expect(ready()).to.equal(true);
        },
      };
    });
    for (const { name, run } of cases) it(name, run);
  });

  /** How many of 1,000 datagrams arrive. */
  async function arrivals(network: MemoryDatagramNetwork): Promise<number> {
    let came = 0;
    const listener = await network.acceptor().listen({ onDatagram: () => came++, onError: () => {} });
    const link = await network.dialer().dial();
    for (let each = 0; each < 1_000; each++) link.send(Uint8Array.of(1), () => {});
    await clock.advance(1_000);
    await listener.close();
    link.destroy();
    return came;
  }

  it("loses and doubles as its conditions say, the same for one seed", async () => {
    const conditions = { toAcceptor: { loss: 0.1, duplicate: 0.1, jitterMs: 10 } };
    const came = await arrivals(networkOf({ conditions }));
    expect(came).to.be.within(950, 1_050);
    expect(await arrivals(networkOf({ conditions }))).to.equal(came);
    const changing = networkOf();
    changing.conditions = { toAcceptor: { loss: 1 } };
    expect(changing.conditions.toAcceptor?.loss).to.equal(1);
    expect(await arrivals(changing)).to.equal(0);
  });

  it("loses everything while it is frozen", async () => {
    const network = networkOf();
    network.frozen = true;
    expect(await arrivals(network)).to.equal(0);
  });

  it("tells a dialing link that nobody listens, for each datagram", async () => {
    const network = networkOf();
    const dialer = network.dialer("nobody");
    expect(dialer.describe()).to.equal("memory nobody");
    const link = await dialer.dial();
    const troubles: string[] = [];
    link.attach({
      onBytes: () => {},
      onEnd: () => {},
      onClose: () => {},
      onTransientError: ({ code }) => troubles.push(code),
    });
    link.send(Uint8Array.of(1), () => {});
    link.send(Uint8Array.of(2), () => {});
    await clock.advance(1);
    expect(troubles).to.deep.equal(["TRANSPORT", "TRANSPORT"]);
    link.send(Uint8Array.of(3), () => {});
    network.frozen = true;
    await clock.advance(1);
    link.send(Uint8Array.of(4), () => {});
    link.destroy();
    network.frozen = false;
    await clock.advance(1);
    expect(troubles).to.have.lengthOf(2);
  });

  it("gives a link the place of another one at the same address and port, and takes what is forged", async () => {
    const network = networkOf();
    const seen: string[] = [];
    const listener = await network.acceptor().listen({
      onDatagram: (datagram, from) => (seen.push(from.key), from.send(datagram)),
      onError: () => {},
    });
    const [first, second] = [
      await network.dialer(undefined, { address: "10.0.0.1", port: 7 }).dial(),
      await network.dialer(undefined, { address: "10.0.0.1", port: 7 }).dial(),
    ];
    const got: string[] = [];
    first.attach({ onBytes: () => got.push("first"), onEnd: () => {}, onClose: () => {} });
    second.attach({ onBytes: () => got.push("second"), onEnd: () => {}, onClose: () => {} });
    first.destroy();
    expect(network.openLinks).to.equal(1);
    network.inject(Uint8Array.of(1), "10.0.0.1", 7);
    network.inject(Uint8Array.of(1), "10.0.0.1", 7, "nobody");
    await clock.advance(1);
    expect(seen).to.deep.equal(["10.0.0.1|7"]);
    expect(got).to.deep.equal(["second"]);
    second.destroy();
    await listener.close();
  });

  it("listens once under one name, and refuses conditions out of range", async () => {
    const network = networkOf();
    const acceptor = network.acceptor("here");
    const handlers = { onDatagram: () => {}, onError: () => {} };
    const listener = await acceptor.listen(handlers);
    await rejectionOf(acceptor.listen(handlers), "TRANSPORT");
    await listener.close();
    const again = await acceptor.listen({ ...handlers });
    await listener.close();
    await rejectionOf(acceptor.listen(handlers), "TRANSPORT");
    await again.close();
    expectCode(() => networkOf({ conditions: { toDialer: { loss: 2 } } }), "INVALID_ARG");
    expectCode(() => (network.conditions = { toDialer: { loss: -1 } }), "INVALID_ARG");
  });
});

import { expect } from "chai";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { TestNetwork } from "../../lib/testing/test-network.js";
import type { Acceptor, DatagramAcceptor, Link } from "../../lib/transport/transport.js";

class Rig {
  readonly clock = new VirtualClock();
  readonly network = new TestNetwork(this.clock, 1, { latencyMs: 0 });
  /** What arrived at the gateway, and what it was told. */
  readonly seen: string[] = [];

  async listen(): Promise<this> {
    const [streams, datagrams] = this.network.acceptors as [Acceptor, DatagramAcceptor];
    await streams.listen({
      onLink: (link) =>
        link.attach({
          onBytes: (chunk) => this.seen.push(`${link.remoteAddress} ${chunk.toString()}`),
          onEnd: () => this.seen.push(`${link.remoteAddress} ended`),
          onClose: () => this.seen.push(`${link.remoteAddress} closed`),
        }),
      onError: () => {},
    });
    await datagrams.listen({
      onDatagram: (datagram, from) => this.seen.push(`${from.address} ${datagram.toString()}`),
      onError: () => {},
    });
    return this;
  }

  async dial(host: ReturnType<TestNetwork["plugIn"]>, kind: "tcp" | "udp"): Promise<Link> {
    const dialing = host.dialer(kind, "any", 9000).dial();
    await this.clock.advance(1);
    const link = await dialing;
    link.attach({ onBytes: () => {}, onEnd: () => {}, onClose: () => {} });
    return link;
  }
}

describe("TestNetwork", () => {
  for (const kind of ["tcp", "udp"] as const) {
    it(`gives each host an address of its own over ${kind}`, async () => {
      const rig = await new Rig().listen();
      for (const text of ["one", "two"]) (await rig.dial(rig.network.plugIn(), kind)).send(Buffer.from(text), () => {});
      await rig.clock.advance(1);
      expect(rig.seen).to.deep.equal(["10.0.0.1 one", "10.0.0.2 two"]);
    });

    it(`lets a host fall silent over ${kind}, for good, and tells nobody; others go on`, async () => {
      const rig = await new Rig().listen();
      const [silent, other] = [rig.network.plugIn(), rig.network.plugIn()];
      const link = await rig.dial(silent, kind);
      const others = await rig.dial(other, kind);
      silent.silence();
      link.send(Buffer.from("unheard"), () => {});
      link.destroy();
      others.send(Buffer.from("heard"), () => {});
      rig.network.lose();
      rig.network.restore();
      await rig.clock.advance(1_000);
      expect(rig.seen.filter((event) => event.startsWith("10.0.0.2"))).to.deep.equal(["10.0.0.2 heard"]);
      if (kind === "tcp") expect(rig.seen).to.have.lengthOf(1);
    });
  }

  it("is up unless it is lost, and carries over TCP later what was sent meanwhile", async () => {
    const rig = await new Rig().listen();
    const host = rig.network.plugIn();
    const [stream, datagrams] = [await rig.dial(host, "tcp"), await rig.dial(host, "udp")];
    rig.network.lose();
    expect(host.up).to.equal(false);
    stream.send(Buffer.from("late"), () => {});
    datagrams.send(Buffer.from("lost"), () => {});
    await rig.clock.advance(1_000);
    expect(rig.seen).to.deep.equal([]);
    rig.network.restore();
    await rig.clock.advance(1);
    expect([host.up, rig.seen]).to.deep.equal([true, ["10.0.0.1 late"]]);
  });
});

import dgram from "node:dgram";
import { networkInterfaces } from "node:os";
import { expect } from "chai";
import type { UsmpError } from "../../lib/errors.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import type { Lookup } from "../../lib/transport/addresses.js";
import { UdpTransport } from "../../lib/transport/udp.js";
import { UdpLink } from "../../lib/transport/udp-link.js";
import type { DatagramPeer, Link, Listener } from "../../lib/transport/transport.js";
import { datagramTransportCases } from "../../lib/testing/conformance/datagram-cases.js";
import { expectCode } from "../support/core-errors.js";
import { eventually, rejectionOf } from "../support/session-waits.js";

const LOOPBACK = "127.0.0.1";
const HAS_IPV6 = Object.values(networkInterfaces()).some((list) => list?.some(({ family }) => family === "IPv6"));

describe("UdpTransport", () => {
  const open: { destroy(): void }[] = [];
  const listeners: Listener[] = [];

  afterEach(async () => {
    for (const link of open.splice(0)) link.destroy();
    for (const listener of listeners.splice(0)) await listener.close();
  });

  async function listen(transport: UdpTransport): Promise<{ listener: Listener; peers: DatagramPeer[] }> {
    const peers: DatagramPeer[] = [];
    const listener = await transport.listen({ onDatagram: (_, from) => peers.push(from), onError: () => {} });
    listeners.push(listener);
    return { listener, peers };
  }

  /** A link, and the troubles that it told. */
  async function dial(transport: UdpTransport): Promise<{ link: Link; troubles: UsmpError[] }> {
    const link = await transport.dial();
    open.push(link);
    const troubles: UsmpError[] = [];
    link.attach({
      onBytes: () => {},
      onEnd: () => {},
      onClose: () => {},
      onTransientError: (trouble) => troubles.push(trouble),
    });
    return { link, troubles };
  }

  /** A port that nothing listens on. */
  async function freePort(): Promise<number> {
    const socket = dgram.createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    return port;
  }

  describe("as every transport for datagrams", () => {
    const rig = {
      acceptor: () => new UdpTransport(LOOPBACK, 0),
      dialer: ({ port }: Listener) => new UdpTransport(LOOPBACK, port),
    };
    for (const { name, run } of datagramTransportCases(() => rig)) it(name, run);
  });

  it("is a place to dial and to listen on, port 9000 by default", () => {
    const transport = new UdpTransport("192.168.1.7");
    expect([transport.carries, transport.host, transport.port]).to.deep.equal(["datagrams", "192.168.1.7", 9000]);
    expect(transport.describe()).to.equal("udp 192.168.1.7:9000");
    expect(new UdpTransport("::1", 7).describe()).to.equal("udp [::1]:7");
    expect(transport.wifi("ssid", "password")).to.equal(transport);
  });

  it("refuses what is no place", async () => {
    for (const host of ["", "192.168.1.7:9000", "udp://x"]) expectCode(() => new UdpTransport(host), "INVALID_ARG");
    for (const port of [-1, 65_536, 1.5]) expectCode(() => new UdpTransport(LOOPBACK, port), "INVALID_ARG");
    expectCode(() => new UdpTransport(LOOPBACK, 1, { connectTimeoutMs: 0 }), "INVALID_ARG");
    await rejectionOf(new UdpTransport(LOOPBACK, 0).dial(), "INVALID_ARG");
    await rejectionOf(new UdpTransport("0.0.0.0", 1).dial(), "INVALID_ARG");
  });

  it("tells of a port that nobody listens on, as trouble and not as an end", async () => {
    const { link, troubles } = await dial(new UdpTransport(LOOPBACK, await freePort()));
    link.send(Uint8Array.of(1), () => {});
    await eventually(() => troubles.length > 0, "the trouble");
    expect(troubles[0]!.code).to.equal("TRANSPORT");
    expect(troubles[0]!.message).to.match(/nothing listens on 127\.0\.0\.1:\d+.*ECONNREFUSED/);
    let flushed = 0;
    for (let each = 0; each < 3; each++) link.send(Uint8Array.of(2), () => flushed++);
    await eventually(() => flushed === 3, "the link lives on");
  });

  it("tells of a datagram that is too long for the network, and of what the system refuses", async () => {
    const { listener } = await listen(new UdpTransport(LOOPBACK, 0));
    const { link, troubles } = await dial(new UdpTransport(LOOPBACK, listener.port));
    link.send(new Uint8Array(70_000), () => {});
    await eventually(() => troubles.length > 0, "the trouble");
    expect(troubles[0]!.message).to.contain("EMSGSIZE");
  });

  it("tells of an address or a route that is gone, as the system reports it to the socket", () => {
    const socket = dgram.createSocket("udp4");
    const link = new UdpLink(socket, LOOPBACK, 9);
    socket.emit("error", new Error("nobody is attached yet"));
    const troubles: string[] = [];
    link.attach({
      onBytes: () => {},
      onEnd: () => {},
      onClose: () => {},
      onTransientError: ({ message }) => troubles.push(message),
    });
    for (const code of ["EADDRNOTAVAIL", "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN"])
      socket.emit("error", Object.assign(new Error("the network"), { code }));
    expect(troubles).to.have.lengthOf(4);
    expect(troubles[1]).to.match(/no route/);
    link.destroy();
    socket.emit("error", new Error("after the end"));
    expect(troubles).to.have.lengthOf(4);
  });

  it("rejects for a name that is not known, a port in use, and an address of somebody else's", async () => {
    const unknown = await rejectionOf(new UdpTransport("no-such-host.invalid").dial(), "TRANSPORT");
    expect(unknown.message).to.match(/ENOTFOUND|EAI_AGAIN/);
    const { listener } = await listen(new UdpTransport(LOOPBACK, 0));
    const handlers = { onDatagram: () => {}, onError: () => {} };
    const used = await rejectionOf(new UdpTransport(LOOPBACK, listener.port).listen(handlers), "TRANSPORT");
    expect(used.message).to.contain("EADDRINUSE");
    await rejectionOf(new UdpTransport("192.0.2.1", 0).listen(handlers), "TRANSPORT");
  });

  it("is called off by its signal, and by its timeout", async () => {
    await rejectionOf(new UdpTransport(LOOPBACK, 9).dial({ signal: AbortSignal.abort("enough") }), "CLOSED");
    const abort = new AbortController();
    const dialing = new UdpTransport("localhost", 9).dial({ signal: abort.signal });
    abort.abort("enough");
    await rejectionOf(dialing, "CLOSED");
    const clock = new VirtualClock();
    const late = new UdpTransport("localhost", 9, { clock, connectTimeoutMs: 50 }).dial();
    const rejected = rejectionOf(late, "TIMEOUT");
    clock.jump(50);
    await clock.advance(0);
    await rejected;
  });

  it("rejects for an address that the system refuses to connect to, and dials the next one of its name", async () => {
    // Broadcasts are for those who ask for them.
    const refused = "255.255.255.255";
    const error = await rejectionOf(new UdpTransport(refused, 9000).dial(), "TRANSPORT");
    expect(error.message).to.match(/255\.255\.255\.255:9000 failed \(E[A-Z]+\)$/);
    const addresses = [refused, LOOPBACK].map((address) => ({ address, family: 4 }));
    const lookup: Lookup = (_host, _options, callback) => callback(null, addresses);
    const { link } = await dial(new UdpTransport("gateway.test", await freePort(), { lookup }));
    expect(link.remoteAddress).to.equal(LOOPBACK);
  });

  it("dials a name", async () => {
    const { listener, peers } = await listen(new UdpTransport(LOOPBACK, 0));
    const transport = new UdpTransport("localhost", listener.port);
    const { link } = await dial(transport);
    expect(["127.0.0.1", "::1"]).to.include(link.remoteAddress);
    if (link.remoteAddress === LOOPBACK) {
      link.send(Uint8Array.of(1), () => {});
      await eventually(() => peers.length === 1, "the datagram");
    }
  });

  it("reports what fails on a socket that listens, and goes on", async () => {
    const bound = dgram.createSocket("udp4");
    await new Promise<void>((resolve) => bound.bind(0, LOOPBACK, resolve));
    const { UdpListener } = await import("../../lib/transport/udp-listener.js");
    const errors: UsmpError[] = [];
    const listener = new UdpListener(bound, { onDatagram: () => {}, onError: (error) => errors.push(error) });
    bound.emit("error", Object.assign(new Error("out of memory"), { code: "ENOMEM" }));
    expect(errors.map(({ code }) => code)).to.deep.equal(["TRANSPORT"]);
    const troubles: (UsmpError | undefined)[] = [];
    listener.send(new Uint8Array(70_000), LOOPBACK, 9, (trouble) => troubles.push(trouble));
    listener.send(new Uint8Array(70_000), LOOPBACK, 9);
    await eventually(() => troubles.length === 1, "the trouble");
    expect(troubles[0]?.code).to.equal("TRANSPORT");
    await listener.close();
    bound.emit("error", new Error("after the end"));
    expect(errors).to.have.lengthOf(1);
  });

  describe(HAS_IPV6 ? "with IPv6" : "with IPv6 (this machine has none: only that it says so)", () => {
    it('listens on "::" for both, and shows IPv4 peers as such; "ipv6Only" leaves them out', async () => {
      if (!HAS_IPV6) {
        await rejectionOf(new UdpTransport("::1", 0).listen({ onDatagram: () => {}, onError: () => {} }), "TRANSPORT");
        return;
      }
      const { listener, peers } = await listen(new UdpTransport("::", 0));
      for (const host of [LOOPBACK, "::1"])
        (await dial(new UdpTransport(host, listener.port))).link.send(Uint8Array.of(1), () => {});
      await eventually(() => peers.length === 2, "both datagrams");
      expect(peers.map(({ address }) => address)).to.have.members([LOOPBACK, "::1"]);
      let answered = 0;
      for (const peer of peers) peer.send(Uint8Array.of(2), () => answered++);
      await eventually(() => answered === 2, "both answers");

      const only = await listen(new UdpTransport("::", 0, { ipv6Only: true }));
      const { link, troubles } = await dial(new UdpTransport(LOOPBACK, only.listener.port));
      link.send(Uint8Array.of(1), () => {});
      await eventually(() => troubles.length > 0, "the refusal");
    });
  });
});

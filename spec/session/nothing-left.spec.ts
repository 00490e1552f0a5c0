/** After close(), disconnect() and stop(), in whatever state, there is no socket, no timer and no listener. */
import net from "node:net";
import { expect } from "chai";
import sinon from "sinon";
import { UsmpClient } from "../../lib/device/client.js";
import { UsmpServer } from "../../lib/gateway/server.js";
import { TcpTransport } from "../../lib/transport/tcp.js";
import { EchoGateway, LOOPBACK } from "../support/session-echo.js";
import { HostileDevice } from "../support/session-hostile.js";
import { DEVICE_A, DEVICE_B, NetworkRig, TEXT_PSK } from "../support/session-network.js";
import { eventually, rejectionOf, soon } from "../support/session-waits.js";

/** The sockets and look-ups that keep this process alive. */
function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(TCP|GetAddrInfo|ConnectWrap)/.test(name))
    .sort();
}

/** How many of the timers that were set while it watches still wait. Mocha's own are not among them. */
function watchTimers(): { waiting(): number; stop(): void } {
  const timers: (NodeJS.Timeout & { readonly _destroyed?: boolean })[] = [];
  const original = globalThis.setTimeout;
  const stub = sinon.stub(globalThis, "setTimeout").callsFake((...args: Parameters<typeof setTimeout>) => {
    const timer = original(...args);
    timers.push(timer);
    return timer;
  });
  return { waiting: () => timers.filter(({ _destroyed }) => _destroyed !== true).length, stop: () => stub.restore() };
}

describe("nothing is left", () => {
  /** Runs `step`; afterwards the process holds what it held before. */
  async function leavesNothing(step: () => Promise<void>): Promise<void> {
    const before = resources();
    const timers = watchTimers();
    try {
      await step();
      expect(timers.waiting(), "timers").to.equal(0);
    } finally {
      timers.stop();
    }
    const same = (): boolean => JSON.stringify(resources()) === JSON.stringify(before);
    await eventually(same, "the end of all sockets").catch(() => expect(resources()).to.deep.equal(before));
  }

  describe("on real sockets", () => {
    it("after disconnect and stop of a session in use", () =>
      leavesNothing(async () => {
        const gateway = await EchoGateway.start();
        const client = await gateway.device();
        for (let sends = 0; sends < 30; sends++) client.send(new Uint8Array(1_808));
        void client.ping().catch(() => {});
        void client.recv({ timeoutMs: 60_000 }).catch(() => {});
        await soon(client.disconnect());
        await soon(gateway.server.stop());
      }));

    it("after stop alone, whatever the devices do", () =>
      leavesNothing(async () => {
        const gateway = await EchoGateway.start({ closeTimeoutMs: 50 });
        const client = await gateway.device();
        const paused = await gateway.device();
        paused.session!.pause();
        const shaking = await HostileDevice.connect(gateway.port);
        await shaking.prove();
        const silent = await HostileDevice.connect(gateway.port);
        const deaf = await (await HostileDevice.connect(gateway.port)).establish();
        deaf.socket.pause();
        await soon(gateway.server.stop());
        expect((await soon(client.session!.closed)).code).to.equal("BYE");
        for (const device of [shaking, silent, deaf]) device.destroy();
        await soon(paused.disconnect());
      }));

    it("after stop while devices connect", () =>
      leavesNothing(async () => {
        const gateway = await EchoGateway.start();
        const clients = Array.from({ length: 20 }, () => gateway.unconnected());
        const connecting = clients.map((client) => client.connect().catch(() => {}));
        await new Promise((resolve) => setImmediate(resolve));
        await soon(gateway.server.stop());
        await soon(Promise.all(connecting));
        await soon(Promise.all(clients.map((client) => client.disconnect())));
      }));

    it("after disconnect while connecting to an address that does not answer, and while its handshake runs", () =>
      leavesNothing(async () => {
        const server = net.createServer((socket) => socket.on("error", () => {}).resume()).listen(0, LOOPBACK);
        await new Promise((resolve) => server.once("listening", resolve));
        const { port } = server.address() as net.AddressInfo;
        for (const turns of [0, 1, 2, 4, 8]) {
          const client = new UsmpClient({ host: LOOPBACK, port, psk: TEXT_PSK });
          const rejected = rejectionOf(client.connect(), "CLOSED");
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
          await soon(client.disconnect());
          await rejected;
        }
        await new Promise((resolve) => server.close(resolve));
      }));

    it("after each kind of failed connect", () =>
      leavesNothing(async () => {
        const gateway = await EchoGateway.start();
        const wrong = gateway.unconnected({ psk: "another key of 16 bytes" });
        await rejectionOf(wrong.connect(), "AUTH");
        const aborted = gateway.unconnected();
        await rejectionOf(aborted.connect({ signal: AbortSignal.abort() }), "CLOSED");
        const late = gateway.unconnected({ handshakeTimeoutMs: 1 });
        await soon(late.connect().catch(() => {}));
        await soon(late.disconnect());
        await soon(gateway.server.stop());
        await rejectionOf(gateway.unconnected().connect(), "TRANSPORT");
      }));

    it("after a peer that violates the protocol, on both sides", () =>
      leavesNothing(async () => {
        const gateway = await EchoGateway.start();
        const device = await (await HostileDevice.connect(gateway.port)).establish();
        device.write(Uint8Array.of(1, 2, 3, 4));
        await device.over();
        await soon(gateway.server.stop());
      }));

    it("after listen failed for one of two", () =>
      leavesNothing(async () => {
        const gateway = await EchoGateway.start();
        const other = new UsmpServer({ psk: TEXT_PSK });
        const listening = other.listen(new TcpTransport(LOOPBACK, 0), new TcpTransport(LOOPBACK, gateway.port));
        await rejectionOf(listening, "TRANSPORT");
        await soon(gateway.server.stop());
      }));

    it("after a peer that never ends its side: the link is cut at closeTimeoutMs", () =>
      leavesNothing(async () => {
        const gateway = await EchoGateway.start({ closeTimeoutMs: 30 });
        const socket = net.connect({ port: gateway.port, host: LOOPBACK, allowHalfOpen: true });
        socket.on("error", () => {});
        const device = await (await HostileDevice.connect(gateway.port)).establish();
        device.socket.allowHalfOpen = true;
        await eventually(() => gateway.server.sessions().length === 1, "the session");
        await soon(gateway.server.stop());
        socket.destroy();
        device.destroy();
      }));
  });

  describe("on a simulated clock", () => {
    it("after stop of a gateway that nobody ever called", async () => {
      const rig = await new NetworkRig().listen();
      await rig.settled(rig.server.stop());
      expect([rig.clock.pending, rig.network.openCables]).to.deep.equal([0, 0]);
    });

    it("after disconnect at every millisecond of a connect over a slow network, and a stop", async () => {
      for (let at = 0; at <= 60; at += 3) {
        const rig = await new NetworkRig().listen();
        rig.network.conditions = { toAcceptor: { latencyMs: 9, split: true }, toDialer: { latencyMs: 9, split: true } };
        const client = rig.client();
        const connecting = client.connect().catch(() => {});
        await rig.clock.advance(at);
        const done = client.disconnect();
        await rig.clock.advance(3_000);
        await done;
        await connecting;
        await rig.settled(rig.server.stop());
        expect([rig.clock.pending, rig.network.openCables, client.isConnected], `${at} ms`).to.deep.equal([
          0,
          0,
          false,
        ]);
      }
    });

    it("after close with pings, rekeys, receivers and refused sends waiting", async () => {
      const rig = await new NetworkRig({ maxUnsentBytes: 10 }).listen();
      const client = await rig.connected({ maxUnsentBytes: 10 });
      rig.network.freeze();
      const session = client.session!;
      client.send("x");
      const codes = ["CLOSED", "CLOSED", "CLOSED", "CLOSED"] as const;
      const waiting = [
        session.ping({ timeoutMs: 9_999 }),
        session.recv({ timeoutMs: 9_999 }),
        session.recv({ signal: new AbortController().signal }),
        session.sendAsync("y"),
      ].map((promise, index) => rejectionOf(promise, codes[index]!));
      const closing = session.close();
      await Promise.all(waiting);
      await rig.clock.advance(1_000);
      await closing;
      await rig.clock.advance(60_000);
      await rig.settled(rig.server.stop());
      rig.network.thaw();
      await rig.still();
      expect([rig.clock.pending, rig.network.openCables]).to.deep.equal([0, 0]);
    });

    it("after the network is cut under ten devices", async () => {
      const rig = await new NetworkRig().listen();
      const clients = [];
      for (let index = 0; index < 10; index++) {
        clients.push(await rig.connected({ deviceId: `24:0a:c4:00:01:0${index}` }));
      }
      rig.network.cut();
      await rig.still();
      expect([rig.clock.pending, rig.network.openCables, rig.server.sessions().length]).to.deep.equal([0, 0, 0]);
      expect(clients.map(({ isConnected }) => isConnected)).to.deep.equal(clients.map(() => false));
      await rig.connected({ deviceId: DEVICE_B });
      await rig.connected({ deviceId: DEVICE_A });
      expect(rig.server.sessions()).to.have.lengthOf(2);
    });

    it("no event comes after close, disconnect or stop resolved", async () => {
      const rig = await new NetworkRig().listen();
      const client = await rig.connected();
      const events: string[] = [];
      client.on("message", () => events.push("message"));
      client.on("disconnect", () => events.push("disconnect"));
      client.on("drain", () => events.push("drain"));
      rig.sessions[0]!.on("message", () => events.push("gateway message"));
      for (let sends = 0; sends < 5; sends++) {
        client.send("x");
        rig.sessions[0]!.send("y");
      }
      await rig.settled(client.disconnect());
      const seen = events.length;
      expect(events.filter((event) => event === "disconnect")).to.deep.equal(["disconnect"]);
      expect(events.lastIndexOf("disconnect")).to.equal(events.findLastIndex((event) => !event.startsWith("gateway")));
      await rig.clock.advance(100_000);
      expect(events.slice(seen).filter((event) => !event.startsWith("gateway"))).to.deep.equal([]);
      await rig.settled(rig.server.stop());
      const atStop = [...events, ...rig.events].length;
      await rig.clock.advance(100_000);
      expect([...events, ...rig.events]).to.have.lengthOf(atStop);
    });
  });
});

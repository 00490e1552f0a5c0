import net from "node:net";
import { expect } from "chai";
import { UsmpError } from "../../lib/errors.js";
import { UsmpServer, type UsmpServerOptions } from "../../lib/gateway/server.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { TcpTransport } from "../../lib/transport/tcp.js";
import type { Acceptor, Listener, ListenHandlers } from "../../lib/transport/transport.js";
import { expectCode } from "../support/core-errors.js";
import { EchoGateway, LOOPBACK } from "../support/session-echo.js";
import { DEVICE_A, DEVICE_B, NetworkRig, TEXT_PSK } from "../support/session-network.js";
import { eventually, isPending, microtasks, rejectionOf, soon, warningsDuring } from "../support/session-waits.js";

/** Whether something accepts connections on a port of this machine. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, LOOPBACK);
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}

/** A transport that opens when the spec says so. */
class SlowAcceptor implements Acceptor {
  readonly kind = "slow";
  handlers: ListenHandlers | null = null;
  closed = 0;
  opened: () => void = () => {};
  failed: (error: Error) => void = () => {};
  describe = (): string => "slow";
  listen(handlers: ListenHandlers): Promise<Listener> {
    this.handlers = handlers;
    return new Promise((resolve, reject) => {
      this.failed = reject;
      this.opened = () =>
        resolve({
          kind: "slow",
          address: "here",
          port: 1,
          close: async () => void this.closed++,
          unref: () => {},
        });
    });
  }
}

describe("UsmpServer", () => {
  let servers: UsmpServer[] = [];

  afterEach(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    servers = [];
  });

  function serverWith(options: Partial<UsmpServerOptions> = {}): UsmpServer {
    const server = new UsmpServer({ psk: TEXT_PSK, ...options });
    servers.push(server);
    return server;
  }

  describe("options", () => {
    for (const [what, options] of [
      ["a PSK of 15 bytes", { psk: "15 bytes, short" }],
      ["no PSK", { psk: undefined as never }],
      ["an unknown cipher", { cipher: "rot13" as never }],
      ["a negative sessionTimeoutMs", { sessionTimeoutMs: -1 }],
      ["maxConnections 0", { maxConnections: 0 }],
      ["maxConnectionsPerIp 0", { maxConnectionsPerIp: 0 }],
      ["a port out of range", { port: 70_000 }],
      ["an empty host", { host: "" }],
    ] as const) {
      it(`refuse ${what} with INVALID_ARG`, () => {
        expectCode(() => new UsmpServer({ psk: TEXT_PSK, ...options }), "INVALID_ARG");
      });
    }
  });

  describe("listen", () => {
    it("resolves with the real address where port 0 was asked for", async () => {
      const server = serverWith({ host: LOOPBACK, port: 0 });
      const addresses = await server.listen();
      expect(addresses).to.have.lengthOf(1);
      expect(addresses[0]).to.include({ transport: "tcp", address: LOOPBACK });
      expect(addresses[0]!.port).to.be.greaterThan(0);
      expect(server.isListening).to.equal(true);
      expect(await accepts(addresses[0]!.port)).to.equal(true);
    });

    it("listens on all that is given", async () => {
      const server = serverWith();
      const addresses = await server.listen(new TcpTransport(LOOPBACK, 0), new TcpTransport(LOOPBACK, 0));
      expect(await Promise.all(addresses.map(({ port }) => accepts(port)))).to.deep.equal([true, true]);
    });

    it("is all or nothing: a port in use is TRANSPORT, its cause the system's, and nothing listens", async () => {
      const taken = serverWith();
      const [used] = await taken.listen(new TcpTransport(LOOPBACK, 0));
      const server = serverWith();
      const free = net.createServer().listen(0, LOOPBACK);
      await new Promise((resolve) => free.once("listening", resolve));
      const freePort = (free.address() as net.AddressInfo).port;
      await new Promise((resolve) => free.close(resolve));

      const listening = server.listen(new TcpTransport(LOOPBACK, freePort), new TcpTransport(LOOPBACK, used!.port));
      const error = await rejectionOf(listening, "TRANSPORT");
      expect(error.cause).to.have.property("code", "EADDRINUSE");
      expect(server.isListening).to.equal(false);
      expect(await accepts(freePort)).to.equal(false);
      expect(await server.listen(new TcpTransport(LOOPBACK, freePort))).to.have.lengthOf(1);
    });

    it("is all or nothing where a transport throws instead of rejecting, too", async () => {
      const server = serverWith();
      const slow = new SlowAcceptor();
      const broken = {
        kind: "broken",
        describe: () => "broken",
        listen: (): Promise<Listener> => {
          throw new UsmpError("TRANSPORT", "thrown");
        },
      };
      const rejected = rejectionOf(server.listen(slow, broken), "TRANSPORT");
      await microtasks();
      slow.opened();
      await rejected;
      expect(slow.closed).to.equal(1);
      expect(await server.listen(new TcpTransport(LOOPBACK, 0))).to.have.lengthOf(1);
    });

    it("rejects with INVALID_ARG while it listens, or begins to", async () => {
      const server = serverWith({ host: LOOPBACK, port: 0 });
      const first = server.listen();
      await rejectionOf(server.listen(), "INVALID_ARG");
      await first;
      await rejectionOf(server.listen(), "INVALID_ARG");
    });

    it("works again after stop", async () => {
      const server = serverWith({ host: LOOPBACK, port: 0 });
      await server.listen();
      await server.stop();
      const [address] = await server.listen();
      expect(await accepts(address!.port)).to.equal(true);
    });
  });

  describe("stop", () => {
    it("is harmless where nothing listens, and idempotent", async () => {
      const server = serverWith({ host: LOOPBACK, port: 0 });
      await server.stop();
      await server.listen();
      await Promise.all([server.stop(), server.stop(), server[Symbol.asyncDispose]()]);
      await server.stop();
      expect(server.isListening).to.equal(false);
    });

    it("resolves for every caller when the listeners are closed, not before", async () => {
      const server = serverWith();
      let release = (): void => {};
      const closing = new Promise<void>((resolve) => (release = resolve));
      const slowly: Acceptor = {
        listen: async () => ({ kind: "slow", address: "here", port: 1, close: () => closing, unref: () => {} }),
      };
      await server.listen(slowly);
      const stops = [server.serve(), server.stop(), server.stop()];
      expect(await Promise.all(stops.map(isPending))).to.deep.equal([true, true, true]);
      release();
      await Promise.all(stops);
    });

    it("while it begins to listen closes what was opened; listen rejects with CLOSED", async () => {
      const server = serverWith();
      const slow = new SlowAcceptor();
      const listening = rejectionOf(server.listen(slow), "CLOSED");
      await microtasks();
      const stopping = server.stop();
      slow.opened();
      await Promise.all([listening, stopping]);
      expect([slow.closed, server.isListening]).to.deep.equal([1, false]);
    });

    it("while it begins to listen on a socket leaves no socket", async () => {
      const server = serverWith({ host: LOOPBACK, port: 0 });
      const before = process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;
      const listening = rejectionOf(server.listen(), "CLOSED");
      await server.stop();
      await listening;
      await eventually(
        () => process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length === before,
        "the listening socket is closed",
      );
    });

    for (const [how, fail] of [
      ["rejects", (failure: UsmpError) => Promise.reject(failure)],
      [
        "throws",
        (failure: UsmpError): never => {
          throw failure;
        },
      ],
    ] as const) {
      it(`goes on where a transport's close ${how}, and says so on "error"`, async () => {
        const server = serverWith();
        const errors: UsmpError[] = [];
        server.onError((error) => errors.push(error));
        const failure = new UsmpError("TRANSPORT", "cannot close");
        const stubborn: Acceptor = {
          listen: async () => ({
            kind: "stubborn",
            address: "here",
            port: 1,
            close: () => fail(failure),
            unref: () => {},
          }),
        };
        await server.listen(stubborn);
        const served = server.serve();
        await server.stop();
        await served;
        expect(errors).to.deep.equal([failure]);
      });
    }
    it("sends BYE to all, ends handshakes, and leaves nothing", async () => {
      const rig = await new NetworkRig().listen();
      const clients = [await rig.connected(), await rig.connected({ deviceId: DEVICE_B })];
      const pending = rig.network.dialer().dial();
      const link = await rig.settled(pending);
      link.attach({ onBytes: () => {}, onEnd: () => link.end(), onClose: () => {} });
      await rig.settled(rig.server.stop());
      await rig.still();
      for (const client of clients) expect((await client.session!.closed).code).to.equal("BYE");
      expect(rig.sessions.map(({ isConnected }) => isConnected)).to.deep.equal([false, false]);
      expect(rig.server.sessions()).to.deep.equal([]);
      expect([rig.clock.pending, rig.network.openCables]).to.deep.equal([0, 0]);
      expect((await rig.sessions[0]!.closed).code).to.equal("CLOSED");
    });

    it("within a session handler works", async () => {
      const rig = await new NetworkRig().listen();
      let stopping: Promise<void> | undefined;
      rig.server.onSession(async () => {
        stopping = rig.server.stop();
        await stopping;
      });
      const client = await rig.connected();
      await rig.settled(stopping!);
      expect((await rig.settled(client.session!.closed)).code).to.equal("BYE");
      expect([rig.clock.pending, rig.network.openCables]).to.deep.equal([0, 0]);
    });

    it("lets in no link that comes late", async () => {
      const server = serverWith();
      const slow = new SlowAcceptor();
      const listening = server.listen(slow);
      await microtasks();
      slow.opened();
      await listening;
      await server.stop();
      let destroyed = 0;
      slow.handlers!.onLink({
        remoteAddress: "192.0.2.1",
        remotePort: 1,
        attach: () => expect.fail("attached"),
        send: () => {},
        pause: () => {},
        resume: () => {},
        end: () => {},
        destroy: () => destroyed++,
        unref: () => {},
      });
      expect(destroyed).to.equal(1);
    });
  });

  describe("serve", () => {
    it("listens, and resolves when stopped", async () => {
      const server = serverWith({ host: LOOPBACK, port: 0 });
      const served = server.serve();
      await eventually(() => server.isListening, "it listens");
      expect(await isPending(served)).to.equal(true);
      await server.stop();
      await soon(served);
    });

    it("joins a gateway that listens already", async () => {
      const server = serverWith({ host: LOOPBACK, port: 0 });
      await server.listen();
      const served = server.serve();
      await microtasks();
      await server.stop();
      await soon(served);
    });

    it("stops, and resolves, when its signal aborts", async () => {
      const server = serverWith({ host: LOOPBACK, port: 0 });
      const controller = new AbortController();
      const served = server.serve({ signal: controller.signal });
      await eventually(() => server.isListening, "it listens");
      controller.abort();
      await soon(served);
      expect(server.isListening).to.equal(false);
    });

    it("stops, and resolves, when its signal aborts while it begins to listen", async () => {
      const server = serverWith({ host: LOOPBACK, port: 0 });
      const controller = new AbortController();
      const served = server.serve({ signal: controller.signal });
      controller.abort();
      await soon(served);
      expect(server.isListening).to.equal(false);
    });

    it("resolves when stopped while it begins to listen", async () => {
      const server = serverWith({ host: LOOPBACK, port: 0 });
      const served = server.serve();
      await server.stop();
      await soon(served);
      expect(server.isListening).to.equal(false);
    });

    it("rejects where it cannot listen", async () => {
      const taken = serverWith();
      const [used] = await taken.listen(new TcpTransport(LOOPBACK, 0));
      await rejectionOf(serverWith({ host: LOOPBACK, port: used!.port }).serve(), "TRANSPORT");
    });
  });

  describe("sessions", () => {
    it("are found by device id, in either case", async () => {
      const rig = await new NetworkRig().listen();
      await rig.connected();
      expect(rig.server.sessions()).to.deep.equal(rig.sessions);
      expect(rig.server.session(DEVICE_A.toUpperCase())).to.equal(rig.sessions[0]);
      expect(rig.server.session(DEVICE_B)).to.equal(null);
      expectCode(() => rig.server.session("nonsense"), "INVALID_ARG");
    });

    it("live on when their handler returns", async () => {
      const rig = await new NetworkRig().listen();
      rig.server.onSession((session) => void session.send("welcome"));
      const client = await rig.connected();
      const welcome = await rig.settled(client.recv());
      expect(new TextDecoder().decode(welcome)).to.equal("welcome");
      await rig.clock.advance(20_000);
      expect([rig.sessions[0]!.isConnected, client.isConnected]).to.deep.equal([true, true]);
    });

    it('live on when their handler throws or rejects, which is told on "error"', async () => {
      const rig = await new NetworkRig().listen();
      rig.server.onSession(() => {
        throw new Error("handler");
      });
      rig.server.on("session", async () => Promise.reject(new Error("async handler")));
      const client = await rig.connected();
      expect(rig.events.filter((event) => event.startsWith("error"))).to.deep.equal(["error HANDLER", "error HANDLER"]);
      expect(client.isConnected).to.equal(true);
      expect(await rig.settled(client.ping())).to.be.a("number");
    });

    it('tell the failures of their handlers to the gateway\'s "error"', async () => {
      const rig = await new NetworkRig().listen();
      const client = await rig.connected();
      rig.sessions[0]!.on("message", () => {
        throw new Error("boom");
      });
      client.send("x");
      await rig.still();
      expect(rig.events.at(-1)).to.equal("error HANDLER");
    });

    it('whose own "error" is listened to are no process warning where the gateway\'s is not', async () => {
      const rig = await new NetworkRig({}, { listenForErrors: false }).listen();
      const client = await rig.connected();
      const heard: string[] = [];
      rig.sessions[0]!.onError(({ code }) => heard.push(code));
      rig.sessions[0]!.on("message", () => {
        throw new Error("boom");
      });
      const warnings = await warningsDuring(async () => {
        client.send("x");
        await rig.still();
      });
      expect([heard, warnings]).to.deep.equal([["HANDLER"], []]);
    });

    it("are forgotten at their end", async () => {
      const rig = await new NetworkRig().listen();
      const client = await rig.connected();
      await rig.settled(client.disconnect());
      await rig.still();
      expect(rig.server.sessions()).to.deep.equal([]);
    });

    it("of one device: the new one is told after the old one ended SUPERSEDED", async () => {
      const rig = await new NetworkRig().listen();
      const first = await rig.connected();
      rig.sessions[0]!.on("close", ({ code }) => rig.events.push(`close ${code}`));
      await rig.connected();
      expect(rig.events).to.deep.equal([`session ${DEVICE_A}`, "close SUPERSEDED", `session ${DEVICE_A}`]);
      expect(rig.server.sessions()).to.deep.equal([rig.sessions[1]]);
      expect((await rig.settled(first.session!.closed)).code).to.equal("TRANSPORT");
    });
  });

  describe("time", () => {
    it("sends PING after half the session timeout, and a device that answers lives on", async () => {
      const rig = await new NetworkRig({ sessionTimeoutMs: 60_000 }).listen();
      const client = await rig.connected({ keepaliveMs: 0 });
      await rig.clock.advance(600_000);
      expect([client.isConnected, rig.sessions[0]!.isConnected]).to.deep.equal([true, true]);
    });

    it("ends a silent session after sessionTimeoutMs, told by onTimeout, not before", async () => {
      const rig = await new NetworkRig({ sessionTimeoutMs: 8_000 }).listen();
      const told: string[] = [];
      rig.server.onTimeout((deviceId, sessionId) => told.push(`${deviceId} ${sessionId}`));
      await rig.connected({ keepaliveMs: 0 });
      const { sessionId } = rig.sessions[0]!;
      rig.network.freeze();
      await rig.clock.advance(7_999);
      expect(told).to.deep.equal([]);
      await rig.clock.advance(1);
      expect(told).to.deep.equal([`${DEVICE_A} ${sessionId}`]);
      expect((await rig.sessions[0]!.closed).code).to.equal("TIMEOUT");
      expect(rig.server.sessions()).to.deep.equal([]);
    });

    it("has no onTimeout for a session that ended otherwise", async () => {
      const rig = await new NetworkRig().listen();
      const client = await rig.connected();
      await rig.settled(client.disconnect());
      await rig.clock.advance(120_000);
      expect(rig.events).to.deep.equal([`session ${DEVICE_A}`]);
    });

    it("sessionTimeoutMs 0 ends no silent session", async () => {
      const rig = await new NetworkRig({ sessionTimeoutMs: 0 }).listen();
      await rig.connected({ keepaliveMs: 0 });
      rig.network.freeze();
      await rig.clock.advance(3_600_000);
      expect(rig.sessions[0]!.isConnected).to.equal(true);
    });

    it('ends a handshake at its deadline: "refused" TIMEOUT', async () => {
      const rig = await new NetworkRig({ handshakeTimeoutMs: 3_000 }).listen();
      const link = await rig.settled(rig.network.dialer().dial());
      let closed = false;
      link.attach({ onBytes: () => {}, onEnd: () => link.end(), onClose: () => (closed = true) });
      await rig.clock.advance(2_999);
      expect(rig.events).to.deep.equal([]);
      await rig.clock.advance(1);
      expect(rig.events).to.deep.equal(["refused TIMEOUT"]);
      await rig.still();
      expect([closed, rig.network.openCables, rig.clock.pending]).to.deep.equal([true, 0, 0]);
    });
  });

  describe("limits", () => {
    it("maxSessions refuses the next one with LIMIT, and has room again when one is gone", async () => {
      const rig = await new NetworkRig({ maxSessions: 2 }).listen();
      const clients = [await rig.connected(), await rig.connected({ deviceId: DEVICE_B })];
      const third = await rig.connected({ deviceId: "00:00:00:00:00:01" });
      expect((await rig.settled(third.session!.closed)).code).to.equal("BYE");
      expect(rig.events.at(-1)).to.equal("refused LIMIT");
      await rig.settled(clients[0]!.disconnect());
      await rig.still();
      await rig.connected({ deviceId: "00:00:00:00:00:01" });
    });

    it("maxSessionsPerAddress counts each address for itself", async () => {
      const rig = await new NetworkRig({ maxSessionsPerAddress: 1 }).listen();
      await rig.connected({}, { address: "10.0.0.1" });
      const second = await rig.connected({ deviceId: DEVICE_B }, { address: "10.0.0.1" });
      expect((await rig.settled(second.session!.closed)).code).to.equal("BYE");
      await rig.connected({ deviceId: DEVICE_B }, { address: "10.0.0.2" });
      expect(rig.server.sessions()).to.have.lengthOf(2);
    });
  });

  it("unref lets the process end while it listens and has sessions", async () => {
    const gateway = await EchoGateway.start();
    const client = await gateway.device();
    gateway.server.unref();
    client.session!.unref();
    // What specs before left may still be closing.
    const active = (): string[] => process.getActiveResourcesInfo().filter((name) => /^TCP/.test(name));
    await eventually(() => active().length === 0, "only what keeps no process alive");
    await gateway.stop();
  });

  it("tells every failed handshake as refused, with the address", async () => {
    const rig = new NetworkRig();
    const refused: string[] = [];
    rig.server.on("refused", ({ code }, address) => refused.push(`${code} ${address}`));
    await rig.listen();
    const client = rig.client({ psk: "another key of 16 bytes" }, { address: "10.9.8.7" });
    await rejectionOf(rig.settled(client.connect()), "AUTH");
    expect(refused).to.deep.equal(["AUTH 10.9.8.7"]);
  });

  it("hands sessions to every listener", async () => {
    const rig = await new NetworkRig().listen();
    const seen: UsmpSession[] = [];
    rig.server.onSession((session) => seen.push(session));
    await rig.connected();
    expect(seen).to.deep.equal(rig.sessions);
  });
});

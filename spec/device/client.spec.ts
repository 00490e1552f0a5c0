import net from "node:net";
import { expect } from "chai";
import type { Clock } from "../../lib/core/clock.js";
import { UsmpClient, type UsmpClientOptions } from "../../lib/device/client.js";
import { isUsmpError, type UsmpError } from "../../lib/errors.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import type { Dialer } from "../../lib/transport/transport.js";
import { expectCode } from "../support/core-errors.js";
import { EchoGateway, expectEcho, LOOPBACK } from "../support/session-echo.js";
import { DEVICE_A, NetworkRig, TEXT_PSK } from "../support/session-network.js";
import { eventually, rejectionOf, soon } from "../support/session-waits.js";

const text = (data: Uint8Array | null): string | null => (data === null ? null : new TextDecoder().decode(data));

/** What comes in within 10 ms arrives as one chunk, as a socket that is read late delivers it. */
function inOneChunk(dialer: Dialer, clock: Clock): Dialer {
  return {
    describe: () => dialer.describe(),
    dial: async (options) => {
      const link = await dialer.dial(options);
      const attach = link.attach.bind(link);
      link.attach = (handlers) => {
        let held: number[] = [];
        const deliver = (): void => handlers.onBytes(Uint8Array.from(held.splice(0)));
        attach({
          onBytes: (chunk) => {
            if (held.length === 0) clock.after(10, deliver);
            held = [...held, ...chunk];
          },
          onEnd: () => clock.after(20, () => handlers.onEnd()),
          onClose: (error) => clock.after(20, () => handlers.onClose(error)),
        });
      };
      return link;
    },
  };
}

describe("UsmpClient", () => {
  let cleanups: (() => unknown)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
    cleanups = [];
  });

  /** A server that is none of ours. Gives back its port. */
  async function serverThat(onSocket: (socket: net.Socket) => void): Promise<number> {
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return (server.address() as net.AddressInfo).port;
  }

  function client(port: number, options: Partial<UsmpClientOptions> = {}): UsmpClient {
    return new UsmpClient({ host: LOOPBACK, port, psk: TEXT_PSK, ...options });
  }

  async function echoGateway(): Promise<EchoGateway> {
    const gateway = await EchoGateway.start();
    cleanups.push(() => gateway.stop());
    return gateway;
  }

  describe("options", () => {
    for (const [what, options] of [
      ["a PSK of 15 bytes", { psk: "15 bytes, short" }],
      ["neither host nor transport", { host: undefined }],
      ["a bad device id", { deviceId: "24:0a" }],
      ["an unknown cipher", { cipher: "rot13" }],
      ["a negative keepaliveMs", { keepaliveMs: -1 }],
      ["a negative rekeyAfterMs", { rekeyAfterMs: -1 }],
      ["rekeyAfterFrames 0", { rekeyAfterFrames: 0 }],
      ["rekeyAfterFrames above 2^30", { rekeyAfterFrames: 2 ** 30 + 1 }],
      ["ciphers, which are a gateway's", { ciphers: ["aes-256-gcm"] }],
      ["a port out of range", { port: 65_536 }],
    ] as const) {
      it(`refuse ${what} with INVALID_ARG`, () => {
        const given = { host: LOOPBACK, psk: TEXT_PSK, ...options } as UsmpClientOptions;
        const error = expectCode(() => new UsmpClient(given), "INVALID_ARG");
        expect(error.message).to.not.include("15 bytes, short");
      });
    }
  });

  describe("connect", () => {
    it("rejects with TRANSPORT where nothing listens, and says what to check", async () => {
      const port = await serverThat(() => {});
      await cleanups.pop()!();
      const error = await rejectionOf(client(port).connect(), "TRANSPORT");
      expect(error.message).to.include("nothing listens");
      expect(error.cause).to.have.property("code", "ECONNREFUSED");
    });

    it("rejects with FRAME where another protocol is behind the port", async () => {
      const port = await serverThat((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
      const error = await rejectionOf(client(port).connect(), "FRAME");
      expect(error.message).to.include("does the peer speak USMP");
    });

    it("rejects with TIMEOUT where nobody answers, and says what was awaited", async () => {
      let heard = false;
      const port = await serverThat((socket) => socket.on("data", () => (heard = true)));
      const clock = new VirtualClock();
      const rejected = rejectionOf(client(port, { clock, handshakeTimeoutMs: 30 }).connect(), "TIMEOUT");
      await eventually(() => heard, "HELLO");
      await clock.advance(30);
      const error = await rejected;
      expect(error.message).to.include("CHALLENGE").and.to.include("30 ms");
    });

    it("rejects with TRANSPORT where the gateway closes before CHALLENGE", async () => {
      const port = await serverThat((socket) => socket.end());
      await rejectionOf(client(port).connect(), "TRANSPORT");
    });

    it("rejects with AUTH for a wrong PSK, and says what to check", async () => {
      const gateway = await echoGateway();
      const error = await rejectionOf(gateway.unconnected({ psk: "another key of 16 bytes" }).connect(), "AUTH");
      expect(error.message).to.include("same PSK");
      expect((await gateway.ending()).code).to.equal("AUTH");
    });

    it("rejects with CLOSED when aborted, before, while it opens and while it shakes hands", async () => {
      const port = await serverThat(() => {});
      await rejectionOf(client(port).connect({ signal: AbortSignal.abort() }), "CLOSED");
      const opening = new AbortController();
      const first = rejectionOf(client(port).connect({ signal: opening.signal }), "CLOSED");
      opening.abort(new Error("enough"));
      expect((await first).cause).to.have.property("message", "enough");
      const shaking = new AbortController();
      let accepted = false;
      const silent = await serverThat(() => (accepted = true));
      const second = rejectionOf(client(silent).connect({ signal: shaking.signal }), "CLOSED");
      await eventually(() => accepted, "the connection");
      shaking.abort();
      await second;
    });

    it("rejects with INVALID_ARG while it connects and while it is connected", async () => {
      const gateway = await echoGateway();
      const device = gateway.unconnected();
      const connecting = device.connect();
      await rejectionOf(device.connect(), "INVALID_ARG");
      await connecting;
      await rejectionOf(device.connect(), "INVALID_ARG");
      await expectEcho(device, "and goes on");
    });

    it("rejects with a UsmpError where a transport of one's own rejects with anything else", async () => {
      const failure = new Error("modem on fire");
      const device = new UsmpClient({
        psk: TEXT_PSK,
        transport: { describe: () => "own", dial: () => Promise.reject(failure) },
      });
      expect((await rejectionOf(device.connect(), "TRANSPORT")).cause).to.equal(failure);
    });

    it("works again after each failure, and after a disconnect, with the same device id", async () => {
      const gateway = await echoGateway();
      const device = gateway.unconnected();
      await rejectionOf(device.connect({ signal: AbortSignal.abort() }), "CLOSED");
      const ids: (string | null)[] = [];
      const sessions: (string | null)[] = [];
      for (let rounds = 0; rounds < 3; rounds++) {
        await device.connect();
        await expectEcho(device, `round ${rounds}`);
        ids.push(device.deviceId);
        sessions.push(device.sessionId);
        await device.disconnect();
        expect([device.isConnected, device.sessionId]).to.deep.equal([false, null]);
      }
      expect(new Set(ids).size).to.equal(1);
      expect(new Set(sessions).size).to.equal(3);
    });

    it("works again within the disconnect event", async () => {
      const rig = await new NetworkRig().listen();
      const device = await rig.connected();
      const again = new Promise<void>((resolve, reject) => {
        device.once("disconnect", () => device.connect().then(resolve, reject));
      });
      rig.network.cut();
      await rig.settled(again);
      expect(device.isConnected).to.equal(true);
    });
  });

  it("connects again within the disconnect event of a session that ended in the moment it began", async () => {
    const rig = await new NetworkRig().listen();
    rig.server.once("session", (session) => void session.close());
    const device = rig.client({ transport: inOneChunk(rig.network.dialer(), rig.clock) });
    const again = new Promise<void>((resolve, reject) => {
      device.once("disconnect", () => device.connect().then(resolve, reject));
    });
    const first = device.connect();
    await rig.clock.advance(100);
    await rig.settled(Promise.all([first, again]));
    expect([rig.sessions.length, device.isConnected]).to.deep.equal([2, true]);
    const left = device.disconnect();
    await rig.clock.advance(100);
    await rig.settled(left);
    expect([rig.clock.pending, rig.network.openCables]).to.deep.equal([0, 0]);
  });

  describe("disconnect", () => {
    it("is harmless where nothing is connected, and idempotent", async () => {
      const rig = await new NetworkRig().listen();
      const device = rig.client();
      await device.disconnect();
      await rig.settled(device.connect());
      await rig.settled(Promise.all([device.disconnect(), device.bye(), device[Symbol.asyncDispose]()]));
      await device.disconnect();
      await rig.still();
      expect((await rig.sessions[0]!.closed).code).to.equal("BYE");
      expect([rig.clock.pending, rig.network.openCables]).to.deep.equal([0, 0]);
    });

    it("calls off an attempt while it opens, while it shakes hands, and right after", async () => {
      for (const rounds of [0, 1, 2, 3, 5, 8, 13]) {
        const rig = await new NetworkRig().listen();
        rig.network.conditions = { toAcceptor: { latencyMs: 1 }, toDialer: { latencyMs: 1 } };
        const device = rig.client();
        const connecting = device.connect().then(
          () => null,
          (error: unknown) => error as UsmpError,
        );
        await rig.clock.advance(rounds);
        const done = device.disconnect();
        await rig.clock.advance(1_000);
        await rig.settled(done);
        const error = await connecting;
        if (error !== null) expect(error.code, `after ${rounds} ms`).to.equal("CLOSED");
        await rig.clock.advance(20_000);
        expect([device.isConnected, rig.clock.pending, rig.network.openCables], `${rounds} ms`).to.deep.equal([
          false,
          0,
          0,
        ]);
      }
    });

    it("leaves connect free to be called at once", async () => {
      const rig = await new NetworkRig().listen();
      const device = rig.client();
      const first = rejectionOf(device.connect(), "CLOSED");
      await rig.settled(device.disconnect());
      await rig.settled(device.connect());
      await first;
      expect(device.isConnected).to.equal(true);
    });
  });

  describe("identity", () => {
    it("is known from the start where it was given", () => {
      expect(client(1, { deviceId: DEVICE_A.toUpperCase() }).deviceId).to.equal(DEVICE_A);
      expect(client(1, { deviceId: Uint8Array.of(1, 2, 3, 4, 5, 6) }).deviceId).to.equal("01:02:03:04:05:06");
    });

    it("is null until the first connect where it is random, and then kept", async () => {
      const gateway = await echoGateway();
      const device = gateway.unconnected();
      expect([device.deviceId, device.sessionId, device.session]).to.deep.equal([null, null, null]);
      await device.connect();
      const { deviceId } = device;
      expect(deviceId).to.match(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
      expect(device.sessionId).to.equal(gateway.server.sessions()[0]!.sessionId);
      await device.disconnect();
      expect(device.deviceId).to.equal(deviceId);
    });
  });

  describe("without a session", () => {
    it("send gives false, NOT_CONNECTED in lastError; what gives promises rejects with NOT_CONNECTED", async () => {
      const device = client(1);
      expect(device.lastError).to.equal(null);
      expect(device.send("x")).to.equal(false);
      expect(device.lastError?.code).to.equal("NOT_CONNECTED");
      await rejectionOf(device.sendAsync("x"), "NOT_CONNECTED");
      await rejectionOf(device.recv(), "NOT_CONNECTED");
      await rejectionOf(device.ping(), "NOT_CONNECTED");
      await rejectionOf(device.rekey(), "NOT_CONNECTED");
      expectCode(() => device[Symbol.asyncIterator](), "NOT_CONNECTED");
    });

    it("send throws a TypeError for anything that is no message", () => {
      expect(() => client(1).send(5 as never)).to.throw(TypeError);
    });
  });

  describe("with a session", () => {
    it("sends, receives, pings and rotates keys", async () => {
      const gateway = await echoGateway();
      const device = await gateway.device();
      expect(device.send("a")).to.equal(true);
      expect(text(await soon(device.recv()))).to.equal("a");
      expect(await soon(device.ping())).to.be.a("number");
      await soon(device.rekey());
      await expectEcho(device, "under new keys");
    });

    it("says in lastError why send gave false", async () => {
      const rig = await new NetworkRig().listen();
      const device = await rig.connected();
      expect(device.send(new Uint8Array(1_809))).to.equal(false);
      expect(device.lastError?.code).to.equal("PAYLOAD_TOO_LARGE");
    });

    for (const cipher of ["aes-256-gcm", "chacha20-poly1305"] as const) {
      it(`echoes every kind of length in ${cipher}`, async () => {
        const gateway = await EchoGateway.start({ cipher });
        cleanups.push(() => gateway.stop());
        const device = await gateway.device({ cipher });
        for (const length of [0, 1, 451, 452, 453, 904, 905, 1_356, 1_357, 1_808]) {
          const message = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff);
          await device.sendAsync(message);
          expect(Uint8Array.from(await soon(device.recv()))).to.deep.equal(message);
        }
      });
    }

    it("gives the session's messages to for await, which ends quietly", async () => {
      const rig = await new NetworkRig().listen();
      rig.server.onSession(async (session) => {
        session.send("a");
        session.send("b");
        await session.close();
      });
      const device = await rig.connected();
      const heard: (string | null)[] = [];
      const loop = (async () => {
        for await (const message of device) heard.push(text(message));
      })();
      await rig.settled(loop);
      expect(heard).to.deep.equal(["a", "b"]);
    });
  });

  describe("events", () => {
    it("reach listeners that were there before connect, also what came with SESSION_OK", async () => {
      const rig = await new NetworkRig().listen();
      rig.server.onSession((session) => void session.send("welcome"));
      const device = rig.client();
      const heard: string[] = [];
      device.on("message", (data, length) => heard.push(`listener ${text(data)} ${length}`));
      device.onMessage((data) => heard.push(`callback ${text(data)}`));
      await rig.settled(device.connect());
      await rig.still();
      expect(heard).to.deep.equal(["callback welcome", "listener welcome 7"]);
    });

    it("reach listeners that came later, with what waited", async () => {
      const rig = await new NetworkRig().listen();
      rig.server.onSession((session) => void session.send("welcome"));
      const device = await rig.connected();
      const heard: (string | null)[] = [];
      device.on("message", (data) => heard.push(text(data)));
      await rig.still();
      expect(heard).to.deep.equal(["welcome"]);
    });

    it("a once listener takes one message; the next ones wait for recv", async () => {
      const rig = await new NetworkRig().listen();
      const device = await rig.connected();
      const heard: (string | null)[] = [];
      device.once("message", (data) => heard.push(text(data)));
      for (const message of ["a", "b", "c"]) rig.sessions[0]!.send(message);
      await rig.still();
      expect(heard).to.deep.equal(["a"]);
      expect([text(await device.recv()), text(await device.recv())]).to.deep.equal(["b", "c"]);
    });

    it("leave messages to recv after the last listener went", async () => {
      const rig = await new NetworkRig().listen();
      const device = await rig.connected();
      const listener = (): void => expect.fail("it was removed");
      device.on("message", listener);
      device.onMessage(listener);
      device.off("message", listener);
      device.onMessage(null);
      rig.sessions[0]!.send("a");
      await rig.still();
      expect(text(await device.recv())).to.equal("a");
    });

    it("leave the session's own callback alone", async () => {
      const rig = await new NetworkRig().listen();
      const device = await rig.connected();
      const heard: string[] = [];
      device.session!.onMessage((data) => heard.push(`session ${text(data)}`));
      device.on("message", (data) => heard.push(`client ${text(data)}`));
      rig.sessions[0]!.send("a");
      await rig.still();
      expect(heard).to.deep.equal(["session a", "client a"]);
    });

    it("disconnect is told once, with the reason, for each session", async () => {
      const rig = await new NetworkRig().listen();
      const device = rig.client();
      const reasons: string[] = [];
      device.on("disconnect", ({ code }) => reasons.push(code));
      await rig.settled(device.connect());
      await rig.settled(device.disconnect());
      await rig.settled(device.connect());
      await rig.settled(rig.sessions[1]!.close());
      await rig.still();
      await rig.settled(device.connect());
      rig.network.cut();
      await rig.still();
      expect(reasons).to.deep.equal(["CLOSED", "BYE", "TRANSPORT"]);
    });

    it("drain follows a refused send", async () => {
      const rig = await new NetworkRig().listen();
      const device = await rig.connected({ maxUnsentBytes: 1 });
      let drains = 0;
      device.on("drain", () => drains++);
      expect([device.send("a"), device.send("b")]).to.deep.equal([true, false]);
      await rig.still();
      expect(drains).to.equal(1);
    });

    it('a handler that fails is told on "error", and the session goes on', async () => {
      const rig = await new NetworkRig().listen();
      const device = await rig.connected();
      const errors: unknown[] = [];
      device.on("error", (error) => errors.push(error));
      device.on("message", () => {
        throw new Error("boom");
      });
      rig.sessions[0]!.send("a");
      await rig.still();
      expect(errors.map((error) => isUsmpError(error) && error.code)).to.deep.equal(["HANDLER"]);
      expect(device.isConnected).to.equal(true);
    });
  });
});

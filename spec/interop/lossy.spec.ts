import { expect } from "chai";
import { Usmp, UsmpServer, type UsmpSession } from "../../lib/index.js";
import { DatagramProxy, type BadNetwork } from "../support/datagram-proxy.js";
import { PYTHON_SETUP_LIMIT_MS, pythonWithSdk } from "../support/python-environment.js";
import { Mailbox } from "../support/python-mailbox.js";
import { PeerError, type PeerProcess } from "../support/python-peer.js";
import { eventually } from "../support/session-waits.js";
import { HOST } from "./our-ends.js";
import { connectPython, PSK, startPythonClient, startPythonServer } from "./python-peers.js";

const NETWORK: BadNetwork = { seed: 20_261_124, loss: 0.1, duplicate: 0.1, delayMs: 20, jitterMs: 10 };
const DEVICE_ID = "24:0a:c4:01:02:03";
const LENGTHS = [1, 31, 452, 453, 905, 1808];

/** Its number, again and again: no two of them are alike, and none is a part of another. */
function message(number: number): Buffer {
  return Buffer.alloc(Math.max(LENGTHS[number % LENGTHS.length]!, 4), `${String(number).padStart(3, "0")},`);
}

function numberOf(data: Uint8Array): number {
  const number = Number(Buffer.from(data).toString().slice(0, 3));
  expect(Buffer.from(data).equals(message(number)), "a message that was not sent").to.equal(true);
  return number;
}

describe(`interop through a lossy network (10% lost, 10% doubled, overtaking, 20 to 30 ms, seed ${NETWORK.seed})`, () => {
  const cleanup: (() => unknown)[] = [];

  afterEach(async () => {
    while (cleanup.length > 0) await cleanup.pop()?.();
  });

  async function proxyTo(port: number): Promise<DatagramProxy> {
    const proxy = await DatagramProxy.start(port, NETWORK);
    cleanup.push(() => proxy.close());
    return proxy;
  }

  it("between our own ends: every message once and in order, both ways, through a rotation by each", async () => {
    const MESSAGES = 60;
    const gateway = new Usmp(PSK);
    cleanup.push(() => gateway.close());
    const [listening] = await gateway.listen(Usmp.UDP(HOST, 0));
    const proxy = await proxyTo(listening!.port);
    const device = new Usmp(PSK);
    cleanup.push(() => device.close());
    const got = { device: [] as number[], gateway: [] as number[] };
    const sessions = new Mailbox<UsmpSession>("session");
    gateway.onMessage((data) => got.gateway.push(numberOf(data)));
    gateway.onConnect((session) => sessions.put(session));
    device.onMessage((data) => got.device.push(numberOf(data)));
    expect(await device.begin(Usmp.UDP(HOST, proxy.port)), device.lastErrorString()).to.equal(true);
    const session = await sessions.next();
    const pour = async (
      send: (data: Buffer) => Promise<void>,
      rekeyAt: number,
      rekey: () => Promise<void>,
    ): Promise<void> => {
      for (let number = 0; number < MESSAGES; number++) {
        await send(message(number));
        if (number === rekeyAt) await rekey();
      }
    };
    await Promise.all([
      pour(
        (data) => device.sendAsync(data),
        20,
        () => device.rekey(),
      ),
      pour(
        (data) => session.sendAsync(data),
        40,
        () => session.rekey(),
      ),
    ]);
    const all = Array.from({ length: MESSAGES }, (_, number) => number);
    expect(got.gateway).to.deep.equal(all);
    expect(got.device).to.deep.equal(all);
    expect(device.stats().retransmissions + session.stats().retransmissions).to.be.greaterThan(20);
    expect(proxy.lost).to.be.greaterThan(20);
    expect(proxy.doubled).to.be.greaterThan(20);
  });

  describe("with the public Python SDK, whose patience is five sendings", () => {
    before(async function () {
      this.timeout(PYTHON_SETUP_LIMIT_MS);
      await pythonWithSdk();
    });

    /** Everything that the peer sends, each message acknowledged or its failure told. */
    async function pourFromPython(peer: PeerProcess, messages: number): Promise<number[]> {
      const failed: number[] = [];
      for (let number = 0; number < messages; number++) {
        await peer.command("send", { hex: message(number).toString("hex") }, 30_000).catch((error: unknown) => {
          if (!(error instanceof PeerError)) throw error;
          failed.push(number);
        });
      }
      return failed;
    }

    /** Each once and in order; what is missing was told to the sender. */
    function expectOnceAndInOrder(received: readonly number[], sent: number, failed: readonly number[]): void {
      const missing = Array.from({ length: sent }, (_, number) => number).filter(
        (number) => !received.includes(number),
      );
      expect(received).to.deep.equal([...new Set(received)].sort((a, b) => a - b));
      for (const number of missing) expect(failed, "lost without a word").to.include(number);
    }

    const MESSAGES = 30;

    /** Both send all that they have; `received` gathers what comes to us. */
    async function converse(
      peer: PeerProcess,
      received: readonly number[],
      send: (data: Buffer) => Promise<void>,
    ): Promise<void> {
      const ourFailures: number[] = [];
      const pour = async (): Promise<void> => {
        for (let number = 0; number < MESSAGES; number++)
          await send(message(number)).catch(() => ourFailures.push(number));
      };
      const [failed] = await Promise.all([pourFromPython(peer, MESSAGES), pour()]);
      const atPeer: number[] = [];
      while (atPeer.length + ourFailures.length < MESSAGES)
        atPeer.push(numberOf(Buffer.from(String((await peer.next("message")).hex), "hex")));
      expectOnceAndInOrder(atPeer, MESSAGES, ourFailures);
      await eventually(() => received.length + failed.length >= MESSAGES, "its messages", 10_000);
      expectOnceAndInOrder(received, MESSAGES, failed);
    }

    it("our device with its server: each message once and in order or its loss reported", async () => {
      const { peer, port } = await startPythonServer({ carrier: "udp" });
      cleanup.push(() => peer.kill());
      const proxy = await proxyTo(port);
      const device = new Usmp(PSK, {
        deviceId: DEVICE_ID,
        reconnect: { minDelayMs: 200, maxDelayMs: 1_000 },
        handshakeTimeoutMs: 5_000,
      });
      cleanup.push(() => device.close());
      const received: number[] = [];
      device.onMessage((data) => received.push(numberOf(data)));
      device.beginAsync(Usmp.UDP(HOST, proxy.port));
      // Its handshake may be lost, and the next attempt follows.
      await eventually(() => device.alive(), "a session", 60_000);
      await peer.next("session");
      await converse(peer, received, (data) => device.sendAsync(data));
    });

    it("its client with our gateway: each message once and in order or its loss reported", async () => {
      const server = new UsmpServer({ psk: PSK });
      cleanup.push(() => server.stop());
      const sessions = new Mailbox<UsmpSession>("session");
      const received: number[] = [];
      server.onSession((session) => {
        session.onMessage((data) => received.push(numberOf(data)));
        sessions.put(session);
      });
      const [listening] = await server.listen(Usmp.UDP(HOST, 0));
      const proxy = await proxyTo(listening!.port);
      const peer = await startPythonClient();
      cleanup.push(() => peer.kill());
      // Where the HELLO_RETRY is lost its client waits until its connect timeout.
      for (let attempt = 0; ; attempt++) {
        const connected = await connectPython(peer, { carrier: "udp", port: proxy.port, deviceId: DEVICE_ID }).then(
          () => true,
          (error: unknown) => {
            if (!(error instanceof PeerError) || attempt === 5) throw error;
            return false;
          },
        );
        if (connected) break;
      }
      await peer.next("session");
      let session = await sessions.next();
      // An attempt that the client gave up may have had its session here.
      while (session.sessionId !== server.sessions()[0]?.sessionId) session = await sessions.next();
      await converse(peer, received, (data) => session.sendAsync(data));
    });
  });
});

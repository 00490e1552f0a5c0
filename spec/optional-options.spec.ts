/** An option that is given as undefined, as `process.env` gives it, is one that is not given: for the compiler and when it runs. */
import { expect } from "chai";

import { runSketch, struct, USMP, USMPClientStatic } from "../lib/arduino/index.js";
import { KeyFile, TcpTransport, UdpTransport, Usmp, UsmpClient, UsmpServer, type PskStore } from "../lib/index.js";
import { TestGateway, VirtualBoard } from "../lib/testing/index.js";
import { rejectionOf } from "./support/session-waits.js";

const PSK = "usmp-dev-psk-change-me-before-prod";
const ABSENT = "USMP_SPEC_NO_SUCH_VARIABLE";
const signal: AbortSignal | undefined = undefined as AbortSignal | undefined;

describe("An option given as undefined", () => {
  it("counts as not given in usmp, in constructors and methods", async () => {
    const psk = {
      "*": { key: PSK, previousKey: undefined, previousKeyExpires: undefined, cipher: undefined, enabled: undefined },
    };
    const gateway = new Usmp(psk, { cipher: undefined, ciphers: undefined, maxSessions: undefined, logger: undefined });
    const transport = new TcpTransport("127.0.0.1", 0, { connectTimeoutMs: undefined, keepAliveMs: undefined });
    const [at] = await gateway.listen(transport, new UdpTransport("127.0.0.1", 0, { ipv6Only: undefined }));
    const device = new Usmp(PSK, {
      deviceId: process.env[ABSENT],
      reconnect: { maxAttempts: undefined, delayMs: undefined },
      offlineQueue: { ttlMs: undefined, overflow: undefined },
      polled: undefined,
      keepaliveMs: undefined,
      clock: undefined,
      crypto: undefined,
    });
    expect(await device.begin(Usmp.TCP("127.0.0.1", at!.port), { signal }), device.lastErrorString()).to.equal(true);
    await device.ping({ timeoutMs: undefined });
    await device.close({ graceMs: undefined });

    const client = new UsmpClient({
      psk: PSK,
      host: "127.0.0.1",
      port: at!.port,
      transport: undefined,
      deviceId: undefined,
    });
    await client.connect({ signal });
    client.session!.onMessage(null);
    const [session] = gateway.sessions();
    session!.send("hello");
    expect((await client.recv({ timeoutMs: undefined, signal })).toString()).to.equal("hello");
    await client.disconnect();
    await gateway.close();
  });

  it("counts as not given by UsmpServer and KeyFile, and in a store of keys", async () => {
    const store: PskStore = { lookup: () => PSK, givesCopies: undefined, onRevoked: undefined };
    const server = new UsmpServer({ psk: store, host: undefined, port: undefined, sessionTimeoutMs: undefined });
    await server.listen(new TcpTransport("127.0.0.1", 0));
    await server.stop({ graceMs: undefined });
    const options = {
      pollMs: undefined,
      onError: undefined,
      onReload: undefined,
      onWarning: undefined,
      clock: undefined,
    };
    await rejectionOf(KeyFile.open("no such file", options), "INVALID_ARG");
  });

  it("counts as not given in usmp/testing and usmp/arduino", async () => {
    const gateway = new TestGateway({
      psk: PSK,
      conditions: { latencyMs: undefined, jitterMs: undefined, loss: undefined },
      seed: undefined,
      clock: undefined,
      sessionTimeoutMs: undefined,
    });
    expect(gateway.conditions.latencyMs).to.equal(1);
    const board = new VirtualBoard({
      gateway,
      seed: undefined,
      startMillis: undefined,
      pins: undefined,
      deviceId: undefined,
    });
    const usmp = new USMPClientStatic(PSK, { rxBufferSize: undefined });
    await board.start({ setup: async () => void (await usmp.begin(USMP.TCP("gateway.local"))), loop: undefined });
    await gateway.waitForSession({ deviceId: process.env[ABSENT], withinMs: undefined });
    await board.press(0, { holdMs: undefined, bounceMs: undefined });
    board.setAnalog(34, 1, { noise: undefined });
    await board.advanceUntil(() => true, { withinMs: undefined });
    await gateway.restart({ downMs: undefined });
    await board.stop();
    await gateway.close();
    expect(struct({ a: "uint8_t" }, { packed: undefined }).size).to.equal(1);
    const stop = AbortSignal.abort();
    await runSketch(
      { loop: () => {} },
      { signal: stop, storageFolder: undefined, serial: undefined, serial1: undefined },
    );
  });
});

import { expect } from "chai";

import { UsmpClient, UsmpServer, type LogFields, type Logger, type Usmp } from "../lib/index.js";
import { crypto, FacadeRig, FIRST_WINDOW_MS, PSK } from "./support/facade-rig.js";

const MESSAGE = "x".repeat(1_000);
const MESSAGES = 200;

/** Keeps the warnings about messages, one short text each. */
class Warnings implements Logger {
  readonly seen: string[] = [];
  debug(): void {}
  info(): void {}
  error(): void {}
  warn(event: string, fields: LogFields): void {
    if (event === "message.dropped") this.seen.push(`${String(fields["code"])} ${String(fields["deviceId"])}`);
  }
}

describe("A refused send", () => {
  let rig: FacadeRig;
  let logger: Warnings;

  beforeEach(() => {
    rig = new FacadeRig();
    logger = new Warnings();
  });

  afterEach(() => rig.end());

  /** What `dropped` tells, one short text each. */
  function drops(usmp: Usmp): string[] {
    const told: string[] = [];
    usmp.on("dropped", ({ code }, session) => told.push(`${code} ${session?.deviceId ?? "null"}`));
    return told;
  }

  it("of many answers within one callback is counted, and told once, with the session", async () => {
    const gateway = await rig.gateway({ logger });
    const told = drops(gateway);
    let taken = 0;
    gateway.onMessage((_data, _length, session) => {
      for (let index = 0; index < MESSAGES; index++) if (session.send(MESSAGE)) taken++;
    });
    const device = await rig.device();
    let arrived = 0;
    device.onMessage(() => arrived++);
    const about = `BUFFER_FULL ${device.deviceId()}`;
    for (let round = 1; round <= 2; round++) {
      device.send("all of it, please");
      await rig.pass(1_000);
      expect([told, logger.seen]).to.deep.equal([Array(round).fill(about), Array(round).fill(about)]);
    }
    expect(taken).to.be.lessThan(2 * MESSAGES);
    expect([arrived, gateway.stats().refusedSends]).to.deep.equal([taken, 2 * MESSAGES - taken]);
    expect(gateway.sessions()[0]!.stats().refusedSends).to.equal(2 * MESSAGES - taken);
  });

  it("of a device is told within the call, and again after one was taken", async () => {
    await rig.gateway();
    const device = await rig.device({ maxUnsentBytes: 1, logger });
    const told = drops(device);
    const about = `BUFFER_FULL ${device.deviceId()}`;
    expect([device.send("a"), device.send("b")]).to.deep.equal([true, false]);
    expect(told).to.deep.equal([about]);
    expect([device.send("c"), told.length]).to.deep.equal([false, 1]);
    await rig.pass();
    expect([device.send("d"), device.send("e")]).to.deep.equal([true, false]);
    expect([told, logger.seen]).to.deep.equal([
      [about, about],
      [about, about],
    ]);
    expect(device.stats()).to.include({ refusedSends: 3, messagesSent: 2 });
  });

  it("by print, println, write and flush counts, too", async () => {
    await rig.gateway();
    const device = await rig.device({ maxUnsentBytes: 1 });
    const told = drops(device);
    device.println("taken");
    for (const say of [
      () => device.println("a"),
      () => device.write("b\n"),
      () => (device.print("c"), device.flush()),
    ]) {
      say();
    }
    expect([told.length, device.stats().refusedSends]).to.deep.equal([1, 3]);
  });

  it("for want of a session is told once for each loss, and not before begin() nor after close()", async () => {
    await rig.gateway();
    const device = rig.usmp({ logger });
    const told = drops(device);
    expect(device.send("too early")).to.equal(false);
    await rig.connect(device);
    for (let round = 0; round < 2; round++) {
      expect(device.send("taken")).to.equal(true);
      rig.network.cut();
      await rig.pass();
      expect([device.send("a"), device.send("b")]).to.deep.equal([false, false]);
      await rig.pass(2 * FIRST_WINDOW_MS);
    }
    expect(told).to.deep.equal(["NOT_CONNECTED null", "NOT_CONNECTED null"]);
    expect(logger.seen).to.deep.equal(["NOT_CONNECTED undefined", "NOT_CONNECTED undefined"]);
    expect(device.stats().refusedSends).to.equal(5);
    await rig.until(device.close());
    expect([device.send("too late"), told.length, device.stats().refusedSends]).to.deep.equal([false, 2, 6]);
  });

  it("on a listening facade is told: to nobody there, to a bad id, and to nobody in particular", async () => {
    const { gateway, device } = await rig.pair();
    const told = drops(gateway);
    const tries: [() => boolean, string][] = [
      [() => gateway.sendTo("02:00:00:00:00:01", "x"), "NOT_CONNECTED null"],
      [() => gateway.sendTo("nobody", "x"), "INVALID_ARG null"],
      [() => gateway.send("x"), "INVALID_ARG null"],
      [() => gateway.sendTo(device.deviceId(), "x".repeat(1_809)), `PAYLOAD_TOO_LARGE ${device.deviceId()}`],
    ];
    for (const [send, about] of tries) {
      expect([send(), send(), gateway.sendTo(device.deviceId(), "taken")]).to.deep.equal([false, false, true]);
      expect(told.splice(0)).to.deep.equal([about]);
    }
    expect(gateway.stats().refusedSends).to.equal(2 * tries.length);
    await rig.until(gateway.close());
    expect([gateway.sendTo(device.deviceId(), "x"), told]).to.deep.equal([false, []]);
  });

  it("after the end of a session is counted there, and told to nobody", async () => {
    const { gateway, device } = await rig.pair();
    const told = drops(gateway);
    const [session] = gateway.sessions();
    await rig.until(device.close());
    expect([session!.send("x"), session!.stats().refusedSends, told]).to.deep.equal([false, 1, []]);
  });

  it("is none where the offline queue waits for room", async () => {
    await rig.gateway();
    const device = await rig.device({ offlineQueue: {}, maxUnsentBytes: 100 });
    const told = drops(device);
    rig.network.cut();
    await rig.pass();
    for (let index = 0; index < 30; index++) expect(device.send(`held ${index}`)).to.equal(true);
    await rig.pass(FIRST_WINDOW_MS);
    await rig.pass(1_000);
    expect(device.stats()).to.include({ refusedSends: 0, messagesSent: 30 });
    expect(told).to.deep.equal([]);
  });

  it("of a client and of a server's session is told, and logged", async () => {
    const settings = { psk: PSK, clock: rig.clock, crypto, maxUnsentBytes: 1, logger };
    const server = new UsmpServer(settings);
    const client = new UsmpClient({ ...settings, transport: rig.dialer() });
    const told: string[] = [];
    client.on("dropped", ({ code }) => told.push(`client ${code}`));
    server.onSession((session) => {
      session.on("dropped", ({ code }) => told.push(`session ${code}`));
      for (let index = 0; index < 3; index++) session.send("x");
    });
    await rig.until(server.listen(rig.acceptor()));
    await rig.until(client.connect());
    for (let index = 0; index < 3; index++) client.send("x");
    const about = `BUFFER_FULL ${client.deviceId!}`;
    expect([told, logger.seen]).to.deep.equal([
      ["session BUFFER_FULL", "client BUFFER_FULL"],
      [about, about],
    ]);
    expect([server.stats().refusedSends, client.session!.stats().refusedSends]).to.deep.equal([3, 2]);
    await rig.until(Promise.all([client.disconnect(), server.stop()]));
  });
});

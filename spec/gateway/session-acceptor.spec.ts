import { expect } from "chai";
import type { UsmpClient } from "../../lib/device/client.js";
import type { LogFields, Logger } from "../../lib/session/event-log.js";
import type { UsmpServerOptions } from "../../lib/gateway/server.js";
import type { PskEntry } from "../../lib/session/psk-source.js";
import { DEVICE_A, DEVICE_B, NetworkRig, TEXT_PSK } from "../support/session-network.js";
import { rejectionOf } from "../support/session-waits.js";

const OTHER_PSK = "another key, as long as it has to be";

describe("SessionAcceptor", () => {
  let rig: NetworkRig;
  let lines: string[];
  let fields: LogFields[];

  /** `"warn handshake.refused LIMIT"` */
  const keep =
    (level: string) =>
    (event: string, given: LogFields): void => {
      lines.push([level, event, given["code"]].filter((part) => part !== undefined).join(" "));
      fields.push(given);
    };
  const logger: Logger = { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };

  async function listen(options: Partial<UsmpServerOptions> = {}): Promise<void> {
    rig = await new NetworkRig({ logger, ...options }).listen();
  }

  beforeEach(() => {
    lines = [];
    fields = [];
  });

  afterEach(async () => {
    await rig.settled(rig.server.stop());
    await rig.clock.advance(60_000);
    expect(rig.clock.pending, "timers left behind").to.equal(0);
    expect(rig.network.openCables, "links left behind").to.equal(0);
  });

  function wrongKey(deviceId: string): UsmpClient {
    return rig.client({ deviceId, psk: OTHER_PSK });
  }

  /** A connection that says nothing. */
  async function stall(): Promise<void> {
    const link = await rig.settled(rig.network.dialer().dial());
    link.attach({ onBytes: () => {}, onEnd: () => link.destroy(), onClose: () => {} });
    await rig.still();
  }

  it("tells the log of a session's begin and end, with what was counted", async () => {
    await listen();
    const device = await rig.connected();
    device.send("one");
    await rig.clock.advance(5_000);
    await rig.settled(device.disconnect());
    expect(lines).to.deep.equal(["info gateway.listening", "info session.open", "info session.close BYE"]);
    const { deviceId, sessionId } = rig.sessions[0]!;
    const open = { deviceId, sessionId, remoteAddress: rig.sessions[0]!.remoteAddress, carries: "stream" };
    expect(fields[1]).to.deep.include({ ...open, usesPreviousKey: false });
    expect(fields[2]).to.deep.include({ deviceId, sessionId, durationMs: 5_000, messagesReceived: 1, messagesSent: 0 });
  });

  it("gauges connections and sessions, and counts what the log does not print", async () => {
    const seen: string[] = [];
    await listen({
      maxLogLinesPerSecond: 1,
      metrics: {
        count: (event, code) => seen.push(code === null ? event : `${event} ${code}`),
        gauge: (name, value) => seen.push(`${name} ${value}`),
      },
    });
    const device = await rig.connected();
    await rig.settled(device.close());
    for (let attempts = 0; attempts < 2; attempts++)
      await rejectionOf(rig.settled(wrongKey(DEVICE_B).connect()), "AUTH");
    await rig.still();
    expect(seen.filter((each) => !each.startsWith("connections"))).to.deep.equal([
      "gateway.listening",
      "sessions 1",
      "session.open",
      "sessions 0",
      "session.close BYE",
      "handshake.refused AUTH",
      "handshake.refused AUTH",
    ]);
    expect(seen.filter((each) => each.startsWith("connections")).at(-1)).to.equal("connections 0");
    expect(lines.filter((line) => line.startsWith("warn handshake.refused"))).to.have.lengthOf(1);
  });

  it("says where a device still has the key before", async () => {
    const entry: PskEntry = { key: TEXT_PSK, previousKey: OTHER_PSK };
    await listen({ psk: { "*": entry } });
    await rig.connected({ psk: OTHER_PSK });
    expect(fields[1]).to.deep.include({ usesPreviousKey: true });
  });

  it("tells whom a refused device claimed to be, and null where it did not get that far", async () => {
    await listen();
    const told: (string | null)[] = [];
    rig.server.on("refused", (_error, _address, deviceId) => told.push(deviceId));
    await rejectionOf(rig.settled(wrongKey(DEVICE_B).connect()), "AUTH");
    await stall();
    await rig.clock.advance(3_000);
    expect(told).to.deep.equal([DEVICE_B, null]);
    expect(lines.slice(1)).to.deep.equal(["warn handshake.refused AUTH", "warn handshake.refused TIMEOUT"]);
    expect(fields[1]).to.deep.include({ deviceId: DEVICE_B });
  });

  it("locks a device out after five wrong keys, says so, and asks for no key then", async () => {
    let lookups = 0;
    await listen({ psk: () => (lookups++, TEXT_PSK) });
    for (let tries = 0; tries < 5; tries++) await rejectionOf(rig.settled(wrongKey(DEVICE_A).connect()), "AUTH");
    expect(lines.slice(-2)).to.deep.equal(["warn device.lockout", "warn handshake.refused AUTH"]);
    expect(fields.at(-2)).to.deep.include({ deviceId: DEVICE_A, lockoutMs: 1_000 });
    await rig.settled(rig.client().connect()).catch(() => {});
    expect([lookups, rig.events.at(-1)]).to.deep.equal([5, "refused LIMIT"]);
    await rig.settled(rig.client({ deviceId: DEVICE_B }).connect());
    await rig.clock.advance(1_000);
    await rig.settled(rig.client().connect());
    expect(rig.server.sessions()).to.have.lengthOf(2);
  });

  it("counts no failed key lookup, and no handshake that was given up, as a wrong key", async () => {
    let broken = true;
    await listen({
      psk: () => {
        if (broken) throw new Error("database");
        return TEXT_PSK;
      },
    });
    for (let tries = 0; tries < 3; tries++) {
      const connecting = rig.settled(rig.client().connect());
      await rejectionOf(connecting, "AUTH");
      await stall();
    }
    await rig.clock.advance(20_000);
    broken = false;
    await rig.settled(rig.client().connect());
    expect(lines).to.not.include("warn device.lockout");
  });

  it("refuses an arrival beyond the rate before anything is computed, and its link is gone", async () => {
    await listen({ handshakeBurstPerAddress: 1 });
    await rig.connected();
    await rig.settled(rig.client({ deviceId: DEVICE_B }).connect()).catch(() => {});
    expect(rig.events.slice(-1)).to.deep.equal(["refused LIMIT"]);
    expect(rig.network.openCables).to.equal(1);
  });

  it("ends an unfinished handshake for a new one where the table is full", async () => {
    await listen({ maxHandshakes: 2, maxHandshakesPerAddress: 2 });
    for (let links = 0; links < 3; links++) await stall();
    expect(rig.events).to.deep.equal(["refused LIMIT", "refused LIMIT"]);
    await rig.connected();
    expect(rig.server.sessions()).to.have.lengthOf(1);
  });

  it("lets nobody in who came in the very moment of a stop: somebody told of who made way stops the gateway", async () => {
    await listen({ maxHandshakes: 2, maxHandshakesPerAddress: 2 });
    await stall();
    let stopping: Promise<void> | undefined;
    rig.server.on("refused", () => (stopping ??= rig.server.stop()));
    await rig.settled(rig.client().connect()).catch(() => {});
    await rig.settled(stopping!);
    expect([rig.sessions.length, rig.server.sessions().length, rig.network.openCables]).to.deep.equal([0, 0, 0]);
    expect(rig.clock.pending, "timers left behind").to.equal(0);
  });

  it("case 79: names the new session already within the end of the one that it supersedes", async () => {
    await listen({ maxSessions: 1 });
    await rig.connected();
    const found: (string | undefined)[] = [];
    rig.sessions[0]!.on("close", ({ code }) => {
      const now = rig.server.session(DEVICE_A);
      found.push(code, now?.sessionId, ...rig.server.sessions().map(({ sessionId }) => sessionId));
      now?.send("welcome back");
    });
    const again = await rig.connected();
    expect(found).to.deep.equal(["SUPERSEDED", again.sessionId, again.sessionId]);
    expect(Buffer.from(await rig.settled(again.recv())).toString()).to.equal("welcome back");
  });

  it("tells of a new session that is closed within the end of the one that it supersedes, and frees its place", async () => {
    await listen({ maxSessions: 1 });
    await rig.connected();
    rig.sessions[0]!.on("close", () => void rig.server.session(DEVICE_A)?.close());
    const again = rig.client();
    await rig.settled(again.connect());
    await rig.still();
    expect(rig.events).to.deep.equal([`session ${DEVICE_A}`, `session ${DEVICE_A}`]);
    expect([rig.sessions[1]!.isConnected, rig.server.sessions(), again.isConnected]).to.deep.equal([false, [], false]);
    await rig.connected({ deviceId: DEVICE_B });
    expect(rig.server.sessions()).to.have.lengthOf(1);
  });

  it("a stop within the end of a superseded session ends the new one, too, and leaves its place", async () => {
    await listen({ maxSessions: 1 });
    await rig.connected();
    let stopping: Promise<void> | undefined;
    rig.sessions[0]!.on("close", () => (stopping ??= rig.server.stop()));
    await rig.settled(rig.client().connect()).catch(() => {});
    await rig.settled(stopping!);
    expect(rig.server.sessions()).to.deep.equal([]);
    await rig.listen();
    await rig.connected({ deviceId: DEVICE_B });
    expect(rig.server.sessions()).to.have.lengthOf(1);
  });

  for (const form of [DEVICE_A, DEVICE_A.toUpperCase()]) {
    it(`ends the session and the handshakes of a device that its store revokes as ${form}, and no other`, async () => {
      let revoke: (deviceId: string) => void = () => {};
      let answer: (key: string | null) => void = () => {};
      let hangs = false;
      const lookup = () => (hangs ? new Promise<string | null>((resolve) => (answer = resolve)) : TEXT_PSK);
      await listen({ psk: { lookup, onRevoked: (listener) => ((revoke = listener), () => (revoke = () => {})) } });
      const devices = [await rig.connected(), await rig.connected({ deviceId: DEVICE_B })];
      hangs = true;
      const connecting = rig.client().connect();
      connecting.catch(() => {});
      await rig.still();
      revoke(form);
      await rig.still();
      answer(TEXT_PSK);
      await rig.settled(connecting).catch(() => {});
      expect(devices.map((device) => device.isConnected)).to.deep.equal([false, true]);
      expect((await rig.sessions[0]!.closed).code).to.equal("AUTH");
      expect(rig.events.at(-1)).to.equal("refused AUTH");
    });
  }

  it("stops in spite of a store that fails when it is told that nobody listens any more", async () => {
    const onRevoked = () => () => {
      throw new Error("the store is broken");
    };
    await listen({ psk: { lookup: () => TEXT_PSK, onRevoked } });
    const served = rig.server.serve();
    await rig.settled(rig.server.stop());
    await rig.settled(served);
    expect(rig.events).to.deep.equal(["error HANDLER"]);
  });

  it("gives every place back, whatever ended the handshake or the session", async () => {
    await listen({ maxSessions: 2, maxHandshakes: 2, maxHandshakesPerAddress: 2, rememberMs: 0 });
    for (let round = 0; round < 10; round++) {
      const device = await rig.connected();
      const again = await rig.connected();
      await rejectionOf(rig.settled(wrongKey(`24:0a:c4:00:01:0${round}`).connect()), "AUTH");
      await stall();
      await rig.clock.advance(3_000);
      if (round % 2 === 0) await rig.settled(again.disconnect());
      else await rig.settled(rig.server.session(DEVICE_A)!.close());
      expect(device.isConnected).to.equal(false);
    }
    const both = [await rig.connected(), await rig.connected({ deviceId: DEVICE_B })];
    expect(both.map((device) => device.isConnected)).to.deep.equal([true, true]);
  });
});

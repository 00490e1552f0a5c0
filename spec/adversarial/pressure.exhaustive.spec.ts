/** Peers that do not read, applications that do not, and handlers that fail: each hurts its own session at most. Real sockets. */
import { expect } from "chai";
import { FrameType } from "../../lib/core/wire/wire.js";
import { UsmpClient } from "../../lib/device/client.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { dialerFrom } from "../support/from-address.js";
import { heldBytes } from "../support/heap.js";
import { utf8 } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { EchoGateway, expectEcho } from "../support/session-echo.js";
import { HostileDevice } from "../support/session-hostile.js";
import { DEVICE_A, DEVICE_B, TEXT_PSK } from "../support/session-network.js";
import { eventually, rejectionOf, soon, standsStill, warningsDuring } from "../support/session-waits.js";
import { turn } from "../support/transport-recorder.js";

const MEBIBYTE = 1_048_576;
/** Far more than the system's buffers hold for one connection. */
const MAX_MESSAGES = 40_000;
const MESSAGE = "x".repeat(1_800);

describe("under pressure", () => {
  let gateway: EchoGateway;

  afterEach(() => gateway.stop());

  /** Sends until nothing goes any more; how many messages went. */
  async function fill(send: () => boolean): Promise<number> {
    let sent = 0;
    for (let refused = 0; refused < 200;) {
      if (sent >= MAX_MESSAGES) throw new Error("it never stops");
      if (send()) {
        sent++;
        refused = 0;
      } else {
        refused++;
        await turn();
      }
    }
    return sent;
  }

  it("an application that stops reading stops its device; memory stays flat, and nothing is lost", async () => {
    gateway = await EchoGateway.start();
    await gateway.beside(async () => {
      const device = await gateway.device({ deviceId: DEVICE_A });
      const session = gateway.server.session(DEVICE_A)!;
      const before = await heldBytes();
      session.pause();
      const sent = await fill(() => device.send(MESSAGE));
      expect(device.lastError?.code).to.equal("BUFFER_FULL");
      expect(sent * MESSAGE.length).to.be.greaterThan(64 * 1024);
      expect((await heldBytes()) - before, "all that was sent is with the system").to.be.below(2 * MEBIBYTE);
      // It reads again, and the echo goes nowhere but to the count.
      device.onMessage(() => {});
      session.resume();
      await eventually(() => gateway.messages.length === sent, `all of ${sent} messages`);
    });
  });

  it("a peer that stops reading is ended with SLOW, and one slow session does not slow another", async () => {
    const clock = new VirtualClock();
    gateway = await EchoGateway.start({ clock, slowTimeoutMs: 700 });
    await gateway.beside(async () => {
      const device = await (await HostileDevice.connect(gateway.port)).establish();
      device.socket.pause();
      const session = await gatewaySession();
      const before = await heldBytes();
      await fill(() => session.send(MESSAGE));
      expect((await heldBytes()) - before, "what waits is bounded").to.be.below(2 * MEBIBYTE);
      // The session beside answers as long as this one hangs.
      const good = await gateway.device({ deviceId: "24:0a:c4:00:00:0c" });
      await clock.advance(699);
      for (let echoes = 0; echoes < 4; echoes++) await expectEcho(good, `echo ${echoes}`);
      expect(session.isConnected).to.equal(true);
      await clock.advance(1);
      expect((await soon(session.closed)).code).to.equal("SLOW");
      expect((await session.closed).message).to.match(/took nothing of \d+ bytes for 700 ms/);
      await good.disconnect();
      device.socket.resume();
      await device.over();
    });
    expect(gateway.codes).to.deep.equal(["SLOW"]);
  });

  it("a peer that sends and never reads makes no answers pile up, in whatever style they are sent", async () => {
    gateway = await EchoGateway.start();
    await gateway.beside(async () => {
      const device = await (await HostileDevice.connect(gateway.port)).establish();
      device.socket.pause();
      const session = await gatewaySession();
      const before = await heldBytes();
      // Each message is answered by a `sendAsync` of its own, which waits for room.
      for (let sent = 0; sent < 60 && session.isConnected; sent++) {
        const frames = Array.from({ length: 1_000 }, () => device.sealed(FrameType.DATA, MESSAGE.slice(0, 440)));
        // Where the gateway stops reading, so does this.
        device.socket.write(Buffer.concat(frames));
        await standsStill(() => `${device.socket.writableLength} ${gateway.messages.length}`);
        if (device.socket.writableLength > 0) break;
      }
      // The spec's own copies.
      gateway.messages.length = 0;
      expect((await heldBytes()) - before, "26 MB were sent").to.be.below(8 * MEBIBYTE);
      device.destroy();
    });
  });

  it("a peer that reads, however slowly, is not slow", async () => {
    const clock = new VirtualClock();
    gateway = await EchoGateway.start({ clock, slowTimeoutMs: 1_000 });
    const device = await (await HostileDevice.connect(gateway.port)).establish();
    device.socket.pause();
    const session = await gatewaySession();
    await fill(() => session.send(MESSAGE));
    for (let rounds = 0; rounds < 3; rounds++) {
      device.socket.resume();
      await eventually(() => session.send(MESSAGE), "room");
      device.socket.pause();
      while (session.send(MESSAGE)) await turn();
      await clock.advance(900);
    }
    expect(session.isConnected).to.equal(true);
    device.destroy();
  });

  it("handlers that throw, reject or never end hurt nobody: not even their own session", async () => {
    gateway = await EchoGateway.start();
    const failures = [
      () => {
        throw new Error("x");
      },
      async () => Promise.reject(new Error("x")),
      () => new Promise(() => {}),
      () => {
        // What is thrown need be no error.
        throw undefined as unknown as Error;
      },
    ];
    const seen: string[] = [];
    gateway.server.on("session", (session) => {
      if (session.deviceId !== DEVICE_A) return;
      for (const fail of failures) {
        session.on("message", fail);
        session.on("close", fail);
        session.on("error", fail);
      }
      session.on("error", ({ code }) => seen.push(code));
    });
    for (const fail of failures) {
      gateway.server.on("session", fail);
      gateway.server.on("refused", fail);
    }
    const warnings = await warningsDuring(() =>
      gateway.beside(async () => {
        const device = await gateway.device({ deviceId: DEVICE_A });
        for (let round = 0; round < 3; round++) await expectEcho(device, `round ${round}`);
        await rejectionOf(gateway.unconnected({ psk: "a wrong key of 20 bytes" }).connect(), "AUTH");
        await device.disconnect();
      }),
    );
    expect(new Set(seen)).to.deep.equal(new Set(["HANDLER"]));
    // Listeners for errors that fail themselves have nobody else to be told.
    expect(warnings.length).to.be.greaterThan(3);
  });

  it("a key store that hangs for one device keeps no other waiting", async () => {
    let asked = 0;
    const psk = (id: string) => (id === DEVICE_A ? (asked++, new Promise<string>(() => {})) : TEXT_PSK);
    const clock = new VirtualClock();
    gateway = await EchoGateway.start({ psk, clock, handshakeTimeoutMs: 400 });
    await gateway.beside(async () => {
      const hanging = Array.from({ length: 10 }, () => gateway.unconnected({ deviceId: DEVICE_A }).connect());
      // They get no CHALLENGE, so that they cannot say more than that they were hung up on.
      const refused = Promise.all(hanging.map((connecting) => rejectionOf(connecting, "TRANSPORT")));
      const device = await gateway.device({ deviceId: "24:0a:c4:00:00:0c" });
      await expectEcho(device, "meanwhile");
      await eventually(() => asked === 10, "all look-ups");
      await clock.advance(400);
      await refused;
      await device.disconnect();
      expect(gateway.codes).to.deep.equal(Array<string>(10).fill("AUTH"));
    });
  });

  it("a crypto provider that fails within one handshake ends that one", async () => {
    let broken = false;
    const randomBytes = (length: number): Uint8Array => {
      if (broken) throw new Error("no entropy");
      return crypto.randomBytes(length);
    };
    gateway = await EchoGateway.start({ crypto: { ...crypto, randomBytes } });
    await gateway.beside(async () => {
      broken = true;
      const device = await HostileDevice.connect(gateway.port);
      device.write(device.hello());
      await device.over();
      broken = false;
      await expectEcho(await gateway.device({ deviceId: "24:0a:c4:00:00:0c" }), "the next one");
    });
    expect(gateway.codes).to.deep.equal(["CRYPTO"]);
  });

  it("case 67: wrong proofs for a victim's id from its own address do not keep it out, who was here before", async () => {
    // Time stands still, so that the victim cannot be put off either.
    gateway = await EchoGateway.start({ clock: new VirtualClock() });
    const attack = async (deviceId: Uint8Array): Promise<void> => {
      for (let tries = 0; tries < 6; tries++) {
        const attacker = await HostileDevice.connect(gateway.port, { deviceId, psk: utf8("a wrong key of 20 bytes") });
        attacker.write(await attacker.prove().catch(() => new Uint8Array(0)));
        await attacker.over();
      }
    };
    const id = (text: string): Uint8Array => Uint8Array.from(text.split(":"), (pair) => Number.parseInt(pair, 16));
    const victim = await gateway.device({ deviceId: DEVICE_A });
    await attack(id(DEVICE_A));
    await expectEcho(victim, "its session is its own");
    await victim.disconnect();
    await attack(id(DEVICE_A));
    await soon(victim.connect(), "the victim's first try");
    await victim.disconnect();
    // Who was never here is locked out by the same, at that address and at no other: the attack is one.
    await attack(id(DEVICE_B));
    await gateway
      .unconnected({ deviceId: DEVICE_B })
      .connect()
      .then(
        () => expect.fail("it is not locked out"),
        () => {},
      );
    await eventually(() => gateway.codes.includes("LIMIT"), "the lockout");
    if (process.platform === "linux") {
      const transport = dialerFrom("127.98.0.1", gateway.port);
      const elsewhere = new UsmpClient({ transport, psk: TEXT_PSK, deviceId: DEVICE_B });
      await soon(elsewhere.connect(), "connecting from elsewhere");
      await elsewhere.disconnect();
    }
  });

  async function gatewaySession(): Promise<UsmpSession> {
    await eventually(() => gateway.server.session(DEVICE_A) !== null, "the session");
    return gateway.server.session(DEVICE_A)!;
  }
});

/** adversarial-cases.md on real sockets: handshakes. */
import { inspect } from "node:util";
import { expect } from "chai";
import { concat } from "../../lib/core/wire/bytes.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { UsmpClient } from "../../lib/device/client.js";
import type { UsmpErrorCode } from "../../lib/errors.js";
import { UsmpServer } from "../../lib/gateway/server.js";
import type { PskFunction } from "../../lib/session/psk-source.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { LOW_ORDER_KEYS } from "../support/core-adversary.js";
import { counted, filled, flipped, utf8 } from "../support/core-bytes.js";
import { expectCode } from "../support/core-errors.js";
import { plainFrame, withCrc } from "../support/core-frames.js";
import { EchoGateway, expectEcho } from "../support/session-echo.js";
import {
  HostileDevice,
  HostileGateway,
  playGatewayHandshake,
  type GatewayScript,
  type HostileOptions,
} from "../support/session-hostile.js";
import { DEVICE_A, DEVICE_B, TEXT_PSK } from "../support/session-network.js";
import { eventually, rejectionOf, soon } from "../support/session-waits.js";

const { BYE, CHALLENGE, DATA, HELLO, HELLO_ACK, HELLO_RETRY, PING, REKEY, SESSION_OK } = FrameType;

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
}

describe("adversarial, over TCP: handshake", () => {
  let gateway: EchoGateway;

  beforeEach(async () => {
    gateway = await EchoGateway.start();
  });

  afterEach(() => gateway.stop());

  /** A hostile handshake is refused with `code`; the session beside it goes on. */
  async function expectRefused(
    code: UsmpErrorCode,
    act: (device: HostileDevice) => Promise<void> | void,
    options: HostileOptions = {},
  ): Promise<void> {
    await gateway.beside(async () => {
      const device = await HostileDevice.connect(gateway.port, options);
      await act(device);
      await device.over();
      expect(await gateway.ending()).to.deep.equal({ kind: "refused", code });
    });
    expect(gateway.errors).to.deep.equal([]);
  }

  /** A device that meets this gateway rejects with `code`, and works with a good one afterwards. */
  async function expectDeviceRejects(code: UsmpErrorCode, script: GatewayScript): Promise<void> {
    const hostile = await HostileGateway.start(async (peer) => void (await playGatewayHandshake(peer, script)));
    await gateway.beside(async () => {
      await rejectionOf(gateway.unconnected({ port: hostile.port }).connect(), code);
    });
    hostile.stop();
  }

  for (const [name, type, length] of [
    ["CHALLENGE", CHALLENGE, 64],
    ["HELLO_ACK", HELLO_ACK, 32],
    ["SESSION_OK", SESSION_OK, 48],
    ["HELLO_RETRY", HELLO_RETRY, 16],
    ["DATA", DATA, 40],
    ["BYE", BYE, 28],
    ["an unknown type", 0x33, 0],
  ] as const) {
    it(`case 13: ${name} as a first frame closes HANDSHAKE`, () =>
      expectRefused("HANDSHAKE", (device) => device.write(plainFrame(type, new Uint8Array(length)))));
  }

  for (const length of [0, 37, 39, 53, 55]) {
    it(`case 14: a HELLO of ${length} bytes closes HANDSHAKE`, () =>
      expectRefused("HANDSHAKE", (device) => device.write(plainFrame(HELLO, new Uint8Array(length)))));
  }

  it("case 15: a low-order key with a valid HMAC closes AUTH, each of them", async () => {
    await gateway.beside(async () => {
      for (const pubC of LOW_ORDER_KEYS) {
        const device = await HostileDevice.connect(gateway.port, { pubC });
        device.write(await device.prove());
        await device.over();
      }
      await eventually(() => gateway.codes.length === LOW_ORDER_KEYS.length, "all endings");
      expect(new Set(gateway.codes)).to.deep.equal(new Set(["AUTH"]));
    });
    expect(gateway.errors).to.deep.equal([]);
  });

  it("case 15: a gateway's low-order key with a valid HMAC rejects connect with AUTH", async () => {
    await expectDeviceRejects("AUTH", { pubS: filled(32, 0) });
  });

  it("case 16: an unknown id and a wrong PSK get the same frames, and the same end", async () => {
    const table = await EchoGateway.start({ psk: { [DEVICE_A]: TEXT_PSK } });
    const seen: (readonly [number, number, boolean])[] = [];
    for (const options of [
      { psk: utf8("a wrong key of 20 bytes") },
      { deviceId: counted(6, 0x77) },
      { deviceId: counted(6, 0x78), psk: utf8("a wrong key of 20 bytes") },
    ]) {
      const device = await HostileDevice.connect(table.port, options);
      device.write(await device.prove());
      await device.over();
      seen.push([device.received.length, device.received[3]!, device.closed]);
    }
    expect(seen).to.deep.equal(seen.map(() => [12 + 64, CHALLENGE, true]));
    await eventually(() => table.codes.length === 3, "all endings");
    expect(table.codes).to.deep.equal(["AUTH", "AUTH", "AUTH"]);
    await table.stop();
  });

  describe("case 17: a PSK lookup that", () => {
    const lookups: [string, PskFunction][] = [
      [
        "throws",
        (id: string) => {
          if (id === DEVICE_A) throw new Error("database");
          return TEXT_PSK;
        },
      ],
      ["rejects", async (id: string) => (id === DEVICE_A ? Promise.reject(new Error("database")) : TEXT_PSK)],
      ["gives a short key", (id: string) => (id === DEVICE_A ? "15 bytes, short" : TEXT_PSK)],
      ["gives what is no key", (id: string) => (id === DEVICE_A ? (42 as unknown as string) : TEXT_PSK)],
    ];
    for (const [what, psk] of lookups) {
      it(`${what}: close AUTH, an "error" event, and the next device is served`, async () => {
        const failing = await EchoGateway.start({ psk });
        await failing.beside(async () => {
          await rejectionOf(failing.unconnected({ deviceId: DEVICE_A }).connect(), "AUTH");
        });
        expect(failing.codes).to.deep.equal(["AUTH"]);
        expect(failing.errors).to.deep.equal(["AUTH"]);
        await failing.stop();
      });
    }

    it('gives null: close AUTH without an "error" event', async () => {
      const failing = await EchoGateway.start({ psk: (id) => (id === DEVICE_A ? null : TEXT_PSK) });
      await failing.beside(async () => {
        await rejectionOf(failing.unconnected({ deviceId: DEVICE_A }).connect(), "AUTH");
      });
      expect([failing.codes, failing.errors]).to.deep.equal([["AUTH"], []]);
      await failing.stop();
    });

    it("never settles: close AUTH at the handshake deadline, and the next device is served meanwhile", async () => {
      const clock = new VirtualClock();
      let asked = false;
      const psk = (id: string) => (id === DEVICE_A ? ((asked = true), new Promise<string>(() => {})) : TEXT_PSK);
      const failing = await EchoGateway.start({ psk, clock, handshakeTimeoutMs: 60 });
      await failing.beside(async () => {
        const rejected = rejectionOf(failing.unconnected({ deviceId: DEVICE_A }).connect(), "TRANSPORT");
        await eventually(() => asked, "the look-up");
        await clock.advance(59);
        expect(failing.codes).to.deep.equal([]);
        await clock.advance(1);
        await rejected;
      });
      expect(failing.codes).to.deep.equal(["AUTH"]);
      await failing.stop();
    });

    it("settles after the device hung up, or after stop: nothing happens", async () => {
      const answers: ((key: string) => void)[] = [];
      const failures: ((error: Error) => void)[] = [];
      const failing = await EchoGateway.start({
        psk: () =>
          new Promise<string>((resolve, reject) => {
            answers.push(resolve);
            failures.push(reject);
          }),
      });
      const gone = await HostileDevice.connect(failing.port);
      gone.write(gone.hello());
      await eventually(() => answers.length === 1, "the lookup");
      gone.destroy();
      expect((await failing.ending()).code).to.equal("TRANSPORT");
      answers[0]!(TEXT_PSK);
      const late = await HostileDevice.connect(failing.port);
      late.write(late.hello());
      await eventually(() => answers.length === 2, "the second lookup");
      await failing.stop();
      failures[1]!(new Error("the database was closed, too"));
      await new Promise((resolve) => setImmediate(resolve));
      expect(failing.errors).to.deep.equal([]);
    });
  });

  for (const at of [0, 15, 31]) {
    it(`case 18: HELLO_ACK with one bit of byte ${at} flipped closes AUTH`, () =>
      expectRefused("AUTH", async (device) => device.write(withCrc(flipped(await device.prove(), 12 + at)))));
  }

  it("case 19: the device's own HMAC reflected as SESSION_OK rejects connect with AUTH", () =>
    expectDeviceRejects("AUTH", { change: (payload, own) => concat(payload.subarray(0, 16), own) }));

  it("case 20: a proof over another transcript closes AUTH, whatever was changed", async () => {
    const changes = [
      { deviceId: counted(6, 0x11) },
      { nonce: filled(32, 1) },
      { pubC: filled(32, 9) },
      { pubS: filled(32, 9) },
    ];
    await gateway.beside(async () => {
      for (const change of changes) {
        const device = await HostileDevice.connect(gateway.port);
        device.write(await device.prove(change));
        await device.over();
      }
      await eventually(() => gateway.codes.length === changes.length, "all endings");
    });
    expect(gateway.codes).to.deep.equal(["AUTH", "AUTH", "AUTH", "AUTH"]);
  });

  it("case 20: a changed session id in SESSION_OK rejects connect with AUTH", () =>
    expectDeviceRejects("AUTH", { change: (payload) => flipped(payload, 3) }));

  it("case 21: a second HELLO closes HANDSHAKE, before the proof and after", async () => {
    await gateway.beside(async () => {
      const early = await HostileDevice.connect(gateway.port);
      early.write(early.hello());
      await early.takeFrame();
      early.write(early.hello());
      await early.over();
      const late = await (await HostileDevice.connect(gateway.port)).establish();
      late.write(late.hello());
      await late.over();
      await eventually(() => gateway.codes.length === 2, "both endings");
    });
    expect(gateway.codes).to.deep.equal(["HANDSHAKE", "HANDSHAKE"]);
  });

  for (const [name, type] of [
    ["DATA", DATA],
    ["PING", PING],
    ["REKEY", REKEY],
  ] as const) {
    it(`case 22: ${name} before SESSION_OK closes HANDSHAKE`, () =>
      expectRefused("HANDSHAKE", async (device) => {
        device.write(device.hello());
        await device.takeFrame();
        device.write(plainFrame(type, new Uint8Array(40)));
      }));
  }

  it("case 23: a PSK of 15 bytes is refused when configured, naming what is needed, never the key", () => {
    const short = "15 bytes, short";
    for (const make of [
      () => new UsmpServer({ psk: short }),
      () => new UsmpServer({ psk: { "*": short } }),
      () => new UsmpClient({ host: "192.0.2.1", psk: short }),
      () => new UsmpClient({ host: "192.0.2.1", psk: utf8(short) }),
    ]) {
      const error = expectCode(make, "INVALID_ARG");
      expect(error.message).to.include("15 bytes").and.to.include("at least 16");
      expect(inspect(error, { depth: Infinity, showHidden: true })).to.not.include(short);
    }
  });

  it("case 24: a handshake not finished at its deadline closes TIMEOUT, however many bytes keep coming", async () => {
    const clock = new VirtualClock();
    const slow = await EchoGateway.start({ clock, handshakeTimeoutMs: 10_000 });
    const device = await HostileDevice.connect(slow.port);
    const proof = await device.prove();
    for (let at = 0; at < 40; at++) {
      await device.push(proof.subarray(at, at + 1));
      await clock.advance(249);
    }
    expect(slow.codes).to.deep.equal([]);
    await clock.advance(40);
    await device.over();
    expect(slow.codes).to.deep.equal(["TIMEOUT"]);
    await slow.stop();
  });

  it("case 24: a HELLO not finished within 3 s closes TIMEOUT, however many bytes keep coming", async () => {
    const clock = new VirtualClock();
    const slow = await EchoGateway.start({ clock });
    const device = await HostileDevice.connect(slow.port);
    const hello = device.hello();
    for (let at = 0; at < 30; at++) {
      await device.push(hello.subarray(at, at + 1));
      await clock.advance(99);
    }
    expect(slow.codes).to.deep.equal([]);
    await clock.advance(30);
    await device.over();
    expect(slow.codes).to.deep.equal(["TIMEOUT"]);
    await slow.stop();
  });

  it("case 24: the same after CHALLENGE, and a device beside gets its session", async () => {
    const clock = new VirtualClock();
    const slow = await EchoGateway.start({ clock, handshakeTimeoutMs: 80 });
    await slow.beside(async () => {
      const device = await HostileDevice.connect(slow.port);
      const proof = await device.prove();
      await device.push(proof.subarray(0, 20));
      await clock.advance(79);
      expect(slow.codes).to.deep.equal([]);
      await clock.advance(1);
      await device.over();
      expect((await slow.ending()).code).to.equal("TIMEOUT");
    });
    await slow.stop();
  });

  it("a hundred connections that say nothing, or hang up at any byte, leave nothing and disturb nobody", async () => {
    await gateway.beside(async () => {
      const before = openSockets();
      const devices = await Promise.all(Array.from({ length: 100 }, () => HostileDevice.connect(gateway.port)));
      for (const [index, device] of devices.entries()) {
        if (index % 3 > 0) await device.push(device.hello().subarray(0, index % 51));
        if (index % 2 === 0) device.destroy();
        else device.socket.resetAndDestroy();
      }
      // Those that were reset before they were accepted were never told of.
      await eventually(() => openSockets() === before, "the end of all sockets");
    });
    expect(gateway.codes.length).to.be.greaterThan(20);
    expect(new Set(gateway.codes)).to.deep.equal(new Set(["TRANSPORT"]));
    const good = await gateway.device({ deviceId: DEVICE_B });
    await expectEcho(good, "still served");
    expect(gateway.server.sessions()).to.have.lengthOf(1);
    await soon(good.disconnect());
  });
});

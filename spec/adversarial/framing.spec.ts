/** adversarial-cases.md on real sockets: the hostile connection ends, and a good session beside it goes on. */
import { expect } from "chai";
import { concat } from "../../lib/core/wire/bytes.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import type { UsmpErrorCode } from "../../lib/errors.js";
import { flipped, fromHex, utf8 } from "../support/core-bytes.js";
import { plainFrame, withCrc } from "../support/core-frames.js";
import { EchoGateway } from "../support/session-echo.js";
import { HostileDevice, HostileGateway, playGatewayHandshake } from "../support/session-hostile.js";
import { DEVICE_A, NetworkRig } from "../support/session-network.js";
import { eventually, rejectionOf, soon } from "../support/session-waits.js";

const { DATA } = FrameType;

/** `frame` with its length field rewritten. */
function announcing(frame: Uint8Array, length: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy[8] = length & 0xff;
  copy[9] = length >>> 8;
  return copy;
}

describe("adversarial, over TCP: framing", () => {
  let gateway: EchoGateway;

  beforeEach(async () => {
    gateway = await EchoGateway.start();
  });

  afterEach(() => gateway.stop());

  /** A hostile device in a session sends what `make` gives; its session ends with `code`, the one beside goes on. */
  async function expectEnd(code: UsmpErrorCode, make: (device: HostileDevice) => Uint8Array): Promise<void> {
    await gateway.beside(async () => {
      const device = await (await HostileDevice.connect(gateway.port)).establish();
      device.write(make(device));
      await device.over();
      expect(await gateway.ending()).to.deep.equal({ kind: "closed", code, deviceId: DEVICE_A });
    });
    expect(gateway.messages).to.deep.equal([]);
    expect(gateway.errors).to.deep.equal([]);
  }

  it("case 1: a frame byte by byte is one message; fifty in one chunk are fifty, in order", async () => {
    await gateway.beside(async () => {
      const device = await (await HostileDevice.connect(gateway.port)).establish();
      for (const byte of device.sealed(DATA, "slow")) await device.push(Uint8Array.of(byte));
      device.write(concat(...Array.from({ length: 50 }, (_, index) => device.sealed(DATA, `${index}`))));
      await eventually(() => gateway.messages.length === 51, "all messages");
      device.destroy();
    });
    const texts = gateway.messages.map((message) => new TextDecoder().decode(message));
    expect(texts).to.deep.equal(["slow", ...Array.from({ length: 50 }, (_, index) => `${index}`)]);
  });

  for (const [what, bytes] of [
    ["another magic", fromHex("cdac")],
    ["an HTTP request", utf8("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n")],
    ["a TLS hello", fromHex("160301020001000100")],
  ] as const) {
    it(`case 2: ${what} in a session closes FRAME`, () => expectEnd("FRAME", () => bytes));

    it(`case 2: ${what} as a first word closes FRAME`, async () => {
      await gateway.beside(async () => {
        const device = await HostileDevice.connect(gateway.port);
        device.write(bytes);
        await device.over();
        expect(await gateway.ending()).to.deep.equal({ kind: "refused", code: "FRAME" });
      });
    });
  }

  it("case 2: bytes of another protocol as an answer reject connect with FRAME", async () => {
    const other = await HostileGateway.start((peer) => peer.write(utf8("220 mail ready\r\n")));
    await gateway.beside(async () => {
      await rejectionOf(gateway.unconnected({ port: other.port }).connect(), "FRAME");
    });
    other.stop();
  });

  for (const version of [1, 3]) {
    it(`case 3: version ${version} closes VERSION`, () =>
      expectEnd("VERSION", (device) => {
        const frame = device.sealed(DATA, "x");
        frame[2] = version;
        return withCrc(frame);
      }));
  }

  for (const length of [481, 65_535]) {
    it(`case 4: length ${length} closes FRAME with the header alone`, () =>
      expectEnd("FRAME", (device) => announcing(device.sealed(DATA, "x"), length).subarray(0, 10)));
  }

  it("case 5: a payload of 480 bytes is kept", async () => {
    await gateway.beside(async () => {
      const device = await (await HostileDevice.connect(gateway.port)).establish();
      device.write(device.sealed(DATA, new Uint8Array(452)));
      await eventually(() => gateway.messages.length === 1, "the message");
      device.destroy();
    });
    expect(gateway.messages[0]).to.have.lengthOf(452);
  });

  it("case 6: a flipped CRC bit closes FRAME", () =>
    expectEnd("FRAME", (device) => flipped(device.sealed(DATA, "x"), 10)));

  it("case 6: a flipped payload bit closes FRAME", () =>
    expectEnd("FRAME", (device) => flipped(device.sealed(DATA, "x"), -1)));

  for (const type of [0x00, 0x0c, 0xff]) {
    it(`case 7: type 0x${type.toString(16)}, though it verifies, closes FRAME`, () =>
      expectEnd("FRAME", (device) => device.sealed(type, "x")));
  }

  it("case 9: a session payload under 28 bytes closes FRAME", () =>
    expectEnd("FRAME", () => plainFrame(DATA, new Uint8Array(27), 0)));

  it("case 10: another nonce than the derived one closes CRYPTO, though the CRC is right", () =>
    expectEnd("CRYPTO", (device) => withCrc(flipped(device.sealed(DATA, "x"), 12))));

  it("case 11: half a frame and 15 s of silence close TIMEOUT, and a device beside goes on", async () => {
    const rig = await new NetworkRig().listen();
    const good = await rig.connected();
    const link = await rig.settled(rig.network.dialer().dial());
    let closed = false;
    link.attach({ onBytes: () => {}, onEnd: () => link.end(), onClose: () => (closed = true) });
    const bad = await rig.connected({ deviceId: "24:0a:c4:00:00:ff" });
    rig.events.splice(0);
    // Half a HELLO never gets to 15 s: the handshake's own deadline is 10 s.
    link.send(plainFrame(FrameType.HELLO, new Uint8Array(38)).subarray(0, 20), () => {});
    await rig.clock.advance(10_000);
    expect(rig.events).to.deep.equal(["refused TIMEOUT"]);
    expect([bad.isConnected, good.isConnected, closed]).to.deep.equal([true, true, true]);
  });

  it("case 11: half a frame in a session closes TIMEOUT after 15 s, over a real socket on a simulated clock", async () => {
    const { clock } = new NetworkRig();
    const slow = await EchoGateway.start({ clock });
    const device = await (await HostileDevice.connect(slow.port)).establish();
    device.write(device.sealed(DATA, "whole"));
    await eventually(() => slow.messages.length === 1, "the whole message");
    await device.push(device.sealed(DATA, "half").subarray(0, 30));
    // The gateway has read it once a connection made later has been served.
    await (await HostileDevice.connect(slow.port, { deviceId: Uint8Array.of(2, 2, 2, 2, 2, 2) })).establish();
    await clock.advance(14_999);
    expect(slow.codes).to.deep.equal([]);
    await clock.advance(1);
    expect(slow.endings[0]).to.deep.equal({ kind: "closed", code: "TIMEOUT", deviceId: DEVICE_A });
    await device.over();
    const stopped = slow.stop();
    await clock.advance(1_000);
    await soon(stopped);
  });

  it("ends a device's session, not its process, where the gateway is the hostile one", async () => {
    const damage: [
      UsmpErrorCode,
      (seal: (type: number, seq: number, data?: Uint8Array) => Uint8Array) => Uint8Array,
    ][] = [
      ["FRAME", (seal) => flipped(seal(DATA, 0), -1)],
      ["VERSION", (seal) => withCrc(Uint8Array.from(seal(DATA, 0), (byte, at) => (at === 2 ? 1 : byte)))],
      ["FRAME", (seal) => seal(0x0c, 0)],
      ["SEQUENCE", (seal) => seal(DATA, 1)],
      ["HANDSHAKE", () => plainFrame(FrameType.CHALLENGE, new Uint8Array(64))],
      ["CRYPTO", (seal) => withCrc(flipped(seal(DATA, 0), -1))],
    ];
    await gateway.beside(async () => {
      for (const [code, make] of damage) {
        const hostile = await HostileGateway.start(async (peer) => {
          const seal = await playGatewayHandshake(peer);
          peer.write(make(seal));
        });
        const client = gateway.unconnected({ port: hostile.port });
        await soon(client.connect());
        expect((await soon(client.session!.closed)).code).to.equal(code);
        await rejectionOf(client.recv(), code);
        hostile.stop();
      }
    });
  });
});

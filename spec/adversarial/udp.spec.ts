/** adversarial-cases.md on real UDP sockets: whatever has not verified is dropped, and the session goes on. */
import { createSocket } from "node:dgram";
import { expect } from "chai";
import { concat } from "../../lib/core/wire/bytes.js";
import { bareUtack } from "../../lib/core/wire/utack.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { UsmpServer, type UsmpServerOptions } from "../../lib/gateway/server.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { HeldClock } from "../support/held-clock.js";
import { UdpTransport } from "../../lib/transport/udp.js";
import { Usmp } from "../../lib/usmp.js";
import { counted, filled, flipped, utf8 } from "../support/core-bytes.js";
import { plainFrame, sealedFrame, withCrc } from "../support/core-frames.js";
import { LOOPBACK } from "../support/session-echo.js";
import { HOSTILE_ID } from "../support/session-hostile.js";
import { DEVICE_A, DEVICE_B, TEXT_PSK } from "../support/session-network.js";
import { eventually, soon } from "../support/session-waits.js";
import { UdpHostile } from "../support/udp-hostile.js";

const { BYE, CHALLENGE, DATA, HELLO, HELLO_ACK, HELLO_RETRY, PING, SESSION_OK } = FrameType;
const WRONG_PSK = utf8("a wrong key of 20 bytes");

describe("adversarial, over UDP", () => {
  let server: UsmpServer;
  let port: number;
  let sessions: UsmpSession[];
  let told: string[];
  let open: UdpHostile[];

  async function listen(options: Partial<UsmpServerOptions> = {}): Promise<void> {
    [sessions, told, open] = [[], [], []];
    // Hostile ends acknowledge nothing, not even BYE: the gateway does not wait long for that.
    server = new UsmpServer({ psk: TEXT_PSK, closeTimeoutMs: 20, ...options });
    server.on("session", (session) => {
      sessions.push(session);
      told.push(`session ${session.deviceId}`);
      session.on("message", (data) => void told.push(`message ${new TextDecoder().decode(data)}`));
      session.on("close", ({ code }) => told.push(`close ${code}`));
    });
    server.on("refused", ({ code }) => told.push(`refused ${code}`));
    server.on("error", ({ code }) => told.push(`error ${code}`));
    port = (await server.listen(new UdpTransport(LOOPBACK, 0)))[0]!.port;
  }

  async function hostile(options = {}, localPort = 0): Promise<UdpHostile> {
    const device = await UdpHostile.open(port, options, localPort);
    open.push(device);
    return device;
  }

  beforeEach(() => listen());

  afterEach(async () => {
    await soon(server.stop(), "stopping");
    await Promise.all(open.map((device) => device.close()));
  });

  /** After `datagrams` a message still arrives: they changed nothing, and none of them was acknowledged. */
  async function expectDropped(device: UdpHostile, ...datagrams: readonly Uint8Array[]): Promise<void> {
    const before = told.length;
    const acknowledged = device.utacks(DATA);
    device.write(...datagrams);
    device.write(device.sealed(DATA, "still here"));
    await eventually(() => told.length > before, "the message");
    expect(told.slice(before)).to.deep.equal(["message still here"]);
    await eventually(() => device.utacks(DATA) > acknowledged, "its acknowledgement");
    expect(device.utacks(DATA)).to.equal(acknowledged + 1);
  }

  it("cases 2, 3, 4, 6, 7, 8, 9, 10: drops every broken frame of a session, and the session goes on", async () => {
    const device = await (await hostile()).establish();
    const good = device.sealed(DATA, "good", 0);
    await expectDropped(
      device,
      flipped(good, 0),
      withCrc(flipped(good, 2)),
      withCrc(flipped(good, 9, 0x02)),
      flipped(good, 10),
      plainFrame(0x0c, counted(40)),
      plainFrame(0xff, counted(40)),
      concat(good, Uint8Array.of(0)),
      good.subarray(0, -1),
      plainFrame(DATA, counted(27)),
      withCrc(flipped(good, 12)),
      new Uint8Array(0),
      new Uint8Array(65_507),
    );
  });

  it("cases 13, 14, 22: drops first frames that are no HELLO, or none of its length, and session frames before one", async () => {
    const device = await hostile();
    for (const type of [CHALLENGE, HELLO_ACK, SESSION_OK, HELLO_RETRY, DATA, BYE, PING])
      device.write(plainFrame(type, counted(48)));
    for (const length of [0, 37, 39, 53, 55]) device.write(plainFrame(HELLO, counted(length)));
    await device.establish();
    expect(device.reflected(CHALLENGE)).to.have.lengthOf(1);
    expect(told).to.deep.equal([`session ${DEVICE_A}`]);
  });

  it("case 18: drops a wrong HELLO_ACK, and the right one still succeeds", async () => {
    const device = await hostile();
    const proof = await device.prove();
    device.write(withCrc(flipped(proof, 12)), withCrc(flipped(proof, -1)), plainFrame(HELLO_ACK, counted(31)), proof);
    await device.frame(SESSION_OK);
    expect(told).to.deep.equal([`session ${DEVICE_A}`]);
  });

  it("cases 26, 41, 43: drops forged and reflected frames and UTACKs, also far ahead; the window stays", async () => {
    const device = await (await hostile()).establish();
    const { sessionId } = device;
    const forger = { key: filled(32, 9), sessionId };
    // A frame that verifies acknowledges SESSION_OK.
    device.write(device.sealed(DATA, "hello"));
    await eventually(() => told.length === 2, "the first message");
    sessions[0]!.send("from the gateway");
    await device.frame(DATA);
    const good = device.sealed(DATA, "good", 1);
    await expectDropped(
      device,
      withCrc(flipped(good, -1)),
      withCrc(flipped(good, 3, DATA ^ BYE)),
      ...device.reflected(DATA),
      sealedFrame(forger, DATA, 0xffff_ffff, utf8("x")),
      sealedFrame(forger, DATA, 1_000_000, utf8("x")),
      sealedFrame(forger, BYE, 0xffff_fffe),
      bareUtack(DATA, 0),
      concat(bareUtack(DATA, 0), counted(16)),
      ...device.received.filter((datagram) => datagram[0] === 0xac),
    );
    // Its own message was never acknowledged: it comes again, byte for byte.
    const [first, again] = [await device.frame(DATA, 1), await device.frame(DATA, 2)];
    expect(again).to.deep.equal(first);
  });

  it("cases 38, 39: answers a HELLO with 35 bytes at most, and drops a cookie of another port or key", async () => {
    const [device, other] = [await hostile(), await hostile()];
    device.write(device.hello());
    const cookie = (await device.frame(HELLO_RETRY)).subarray(12);
    expect(device.received.reduce((bytes, { length }) => bytes + length, 0)).to.equal(35);
    other.write(other.hello(cookie), device.hello(cookie));
    device.write(other.hello(cookie), device.hello(flipped(cookie, 3)));
    device.write(device.hello(cookie));
    await device.frame(CHALLENGE);
    expect(other.received).to.deep.equal([]);
  });

  it("case 40: answers a repeated HELLO_ACK with the same SESSION_OK, one session", async () => {
    const device = await hostile();
    const proof = await device.prove();
    device.write(proof, proof);
    expect(await device.frame(SESSION_OK, 2)).to.deep.equal(await device.frame(SESSION_OK, 1));
    expect(told).to.deep.equal([`session ${DEVICE_A}`]);
  });

  it("case 42: delivers what arrives first 63 behind the newest, and drops what is 64 behind", async () => {
    const device = await (await hostile()).establish();
    device.write(device.sealed(DATA, "newest", 64));
    await eventually(() => told.length === 2, "the newest");
    device.write(device.sealed(DATA, "63 behind", 1), device.sealed(DATA, "64 behind", 0));
    device.seq = 65;
    device.write(device.sealed(DATA, "the end"));
    await eventually(() => told.includes("message the end"), "the end");
    expect(told.slice(1)).to.deep.equal(["message newest", "message 63 behind", "message the end"]);
  });

  it("case 45: acknowledges nothing that it cannot keep, and delivers the repeat later", async () => {
    const device = await (await hostile()).establish();
    sessions[0]!.pause();
    const frames = Array.from({ length: 4 }, (_, at) => device.sealed(DATA, `number ${at}`));
    device.write(...frames);
    // What is asked for now is answered behind what came before.
    device.write(device.sealed(PING));
    await eventually(() => device.utacks(PING) === 1, "a sign of life");
    expect([device.utacks(DATA), told.length]).to.deep.equal([0, 1]);
    sessions[0]!.resume();
    device.write(...frames);
    await eventually(() => device.utacks(DATA) === 4, "all acknowledgements");
    expect(told.slice(1)).to.deep.equal(frames.map((_, at) => `message number ${at}`));
  });

  it("case 46: drops a message of which a fragment is missing, and goes on", async () => {
    const device = await (await hostile()).establish();
    device.write(device.sealed(FrameType.DATA_FRAG, "one "));
    device.seq++;
    device.write(device.sealed(DATA, "three"), device.sealed(DATA, "whole"));
    await eventually(() => told.length === 2, "the whole message");
    expect(told[1]).to.equal("message whole");
  });

  it("cases 58, 63: another device, or the same again, at an address and port takes over once it has proved its key", async () => {
    const first = await (await hostile()).establish();
    const { localPort } = first;
    await first.close();
    open.length = 0;
    const second = await hostile({ deviceId: counted(6, 0x30) }, localPort);
    const proof = await second.prove();
    expect(told).to.deep.equal([`session ${DEVICE_A}`]);
    second.write(withCrc(flipped(proof, 12)));
    second.write(proof);
    await second.frame(SESSION_OK);
    expect(told.slice(1)).to.have.members(["close SUPERSEDED", "session 30:31:32:33:34:35"]);
  });

  it("case 61: a device drops what is forged while it connects, and connects", async () => {
    // An honest device behind a relay that adds a forged answer before each real one.
    const [front, back] = [createSocket("udp4"), createSocket("udp4")];
    await Promise.all([front, back].map((socket) => new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve))));
    let devicePort = 0;
    front.on("message", (datagram, from) => {
      devicePort = from.port;
      if (datagram[3] === HELLO_ACK) back.send(plainFrame(HELLO_ACK, filled(32, 1)), port, LOOPBACK);
      back.send(datagram, port, LOOPBACK);
    });
    back.on("message", (datagram) => {
      const lies = { [CHALLENGE]: 64, [SESSION_OK]: 48, [HELLO_RETRY]: 16 } as Readonly<Record<number, number>>;
      const length = datagram[0] === 0xac && datagram[1] === 0xac ? undefined : lies[datagram[3]!];
      if (length !== undefined) front.send(plainFrame(datagram[3]!, counted(length)), devicePort, LOOPBACK);
      front.send(datagram, devicePort, LOOPBACK);
    });
    const device = new Usmp(TEXT_PSK, { deviceId: DEVICE_B });
    try {
      expect(
        await soon(device.begin(Usmp.UDP(LOOPBACK, front.address().port)), "connecting"),
        device.lastErrorString(),
      ).to.equal(true);
      await soon(device.sendAsync("through it all"), "sending");
      expect(told).to.include("message through it all");
    } finally {
      await device.close();
      for (const socket of [front, back]) socket.close();
    }
  });

  it("case 67: wrong proofs from a victim's own address do not keep it out, who was here before", async () => {
    const victimConnects = async (): Promise<void> => {
      const victim = new Usmp(TEXT_PSK, { deviceId: DEVICE_A, reconnect: false });
      expect(await soon(victim.begin(Usmp.UDP(LOOPBACK, port)), "connecting"), victim.lastErrorString()).to.equal(true);
      await soon(victim.close(), "closing");
    };
    await soon(server.stop(), "stopping");
    const clock = new HeldClock();
    await listen({ clock, udpHandshakeTimeoutMs: 300 });
    await victimConnects();
    const attack = async (deviceId: Uint8Array): Promise<void> => {
      const attackers = await Promise.all(Array.from({ length: 6 }, () => hostile({ deviceId, psk: WRONG_PSK })));
      const before = told.length;
      await Promise.all(attackers.map(async (attacker) => attacker.write(await attacker.prove())));
      await attackers[0]!.allRead();
      await clock.advance(300);
      await eventually(() => told.slice(before).filter((each) => each === "refused AUTH").length === 6, "six failures");
    };
    await attack(HOSTILE_ID);
    await victimConnects();
    // Who was never here is locked out by the same: the attack is one.
    await attack(counted(6, 0x50));
    const stranger = await hostile({ deviceId: counted(6, 0x50) });
    stranger.write(stranger.hello());
    stranger.write(stranger.hello((await stranger.frame(HELLO_RETRY)).subarray(12)));
    await eventually(() => told.at(-1) === "refused LIMIT", "the lockout");
  });
});

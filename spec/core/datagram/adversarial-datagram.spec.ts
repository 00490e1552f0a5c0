/** The adversarial cases as far as they are about datagrams, without a network. */
import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import { hmacClient, hmacServer } from "../../../lib/core/handshake/key-derivation.js";
import { deriveRekeyed } from "../../../lib/core/session/rekey-kdf.js";
import { FrameType, frameTypeName } from "../../../lib/core/wire/wire.js";
import { counted, filled, flipped, NOTHING, utf8 } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { plainFrame, sealedFrame, withCrc } from "../../support/core-frames.js";
import { C2S, DEVICE_ID, fromDevice, fromGateway, PSK, S2C, SESSION_ID } from "../../support/core-pair.js";
import {
  bareUtackFor,
  datagramDevice,
  datagramGateway,
  datagramPair,
  establishedDatagramEnd,
  exchange,
  exchangeFor,
  nameOf,
  namesOf,
  utackFor,
  type DatagramEnd,
} from "../../support/datagram-pair.js";

/** Nothing that does not verify changes a session, is answered, or moves a timer. */
function expectDropped(end: DatagramEnd, ...datagrams: readonly Uint8Array[]): void {
  const due = end.connection.nextDeadline();
  const told = end.events.length;
  end.receive(...datagrams);
  expect(end.output(), "it is answered").to.deep.equal([]);
  expect(end.connection.nextDeadline(), "it moves a timer").to.equal(due);
  expect(end.events.length, "it is told").to.equal(told);
}

/** The SESSION_OK that only somebody with the key can make. */
function sessionOkFor(nonce: Uint8Array, pubC: Uint8Array, pubS: Uint8Array): Uint8Array {
  const sessionId = filled(16, 1);
  const hmac = hmacServer(crypto, PSK, { deviceId: DEVICE_ID, nonce, pubC, pubS }, sessionId);
  return plainFrame(FrameType.SESSION_OK, concat(sessionId, hmac));
}

describe("adversarial cases over datagrams", () => {
  const good = fromDevice(FrameType.DATA, 0, utf8("good"));
  let gateway: DatagramEnd;

  beforeEach(() => {
    gateway = establishedDatagramEnd("gateway", { keepalive: { idleTimeoutMs: 60_000 } });
  });

  for (const [number, what, datagram] of [
    ["case 2", "a bad magic", flipped(good, 0)],
    ["case 3", "another version", withCrc(flipped(good, 2))],
    ["case 4", "a length over 480", withCrc(flipped(good, 9, 0x02))],
    ["case 6", "a wrong CRC", flipped(good, 10)],
    ["case 7", "an unknown type", plainFrame(0x0c, counted(28))],
    ["case 7", "type 0xff", plainFrame(0xff, counted(28))],
    ["case 8", "a byte too many", concat(good, NOTHING, Uint8Array.of(0))],
    ["case 8", "a byte too few", good.subarray(0, -1)],
    ["case 9", "a session payload under 28 bytes", plainFrame(FrameType.DATA, counted(27))],
    ["case 10", "another nonce inside", sealedFrame(C2S, FrameType.DATA, 0, utf8("x"), 1)],
    ["case 13", "a handshake frame in a session", plainFrame(FrameType.CHALLENGE, counted(64))],
    ["case 26", "a flipped tag bit", withCrc(flipped(good, -1))],
    ["case 26", "a type rewritten to BYE", withCrc(flipped(good, 3, FrameType.DATA ^ FrameType.BYE))],
    ["case 26", "its own frame reflected", fromGateway(FrameType.DATA, 0, utf8("good"))],
    [
      "case 41",
      "a forged frame with the last number",
      sealedFrame({ ...C2S, key: filled(32, 9) }, FrameType.DATA, 0xffff_ffff),
    ],
    ["case 41", "a forged frame far ahead", sealedFrame({ ...C2S, key: filled(32, 9) }, FrameType.DATA, 1_000_000)],
  ] as const) {
    it(`${number}: drops ${what}, and goes on`, () => {
      expectDropped(gateway, datagram);
      gateway.receive(good);
      expect(gateway.texts).to.deep.equal(["good"]);
    });
  }

  for (const [number, type, length] of [
    ["case 14", FrameType.HELLO, 37],
    ["case 14", FrameType.HELLO, 39],
    ["case 22", FrameType.DATA, 30],
    ["case 61", FrameType.HELLO_ACK, 31],
    ["case 61", FrameType.SESSION_OK, 48],
  ] as const) {
    it(`${number}: drops type ${type} of ${length} bytes in a handshake`, () => {
      const fresh = datagramGateway();
      expectDropped(fresh, plainFrame(type, counted(length)));
      const device = datagramDevice();
      exchange(device, fresh);
      expect(device.established && fresh.established).to.equal(true);
    });
  }

  it("case 15: ends AUTH for a public key of low order, even if the proof is right", () => {
    const device = datagramDevice();
    const challenge = plainFrame(FrameType.CHALLENGE, concat(counted(32), filled(32, 0)));
    device.receive(challenge);
    // Whoever has the key can make a SESSION_OK for it.
    const pubC = device.output()[0]!.subarray(18, 50);
    device.receive(sessionOkFor(counted(32), pubC, filled(32, 0)));
    expect(device.closed).to.equal("AUTH");
  });

  it("case 15: ends AUTH on the gateway, too", () => {
    const fresh = datagramGateway();
    const pubC = filled(32, 0);
    const deviceId = counted(6);
    fresh.receive(plainFrame(FrameType.HELLO, concat(deviceId, pubC)));
    const challenge = fresh.output().at(-1)!.subarray(12);
    const transcript = { deviceId, pubC, nonce: challenge.subarray(0, 32), pubS: challenge.subarray(32) };
    fresh.receive(plainFrame(FrameType.HELLO_ACK, hmacClient(crypto, PSK, transcript)));
    expect(fresh.closed).to.equal("AUTH");
  });

  it("case 18: waits on after a wrong HELLO_ACK: the right one still succeeds, and without it there is one failure", () => {
    const [device, fresh] = [datagramDevice(), datagramGateway()];
    fresh.receive(...device.output());
    device.receive(...fresh.output());
    const helloAck = device.output().at(-1)!;
    expectDropped(fresh, withCrc(flipped(helloAck, -1)), withCrc(flipped(helloAck, 12)));
    fresh.receive(helloAck);
    expect(fresh.established).to.equal(true);
  });

  it("case 19: drops the device's own proof reflected as SESSION_OK", () => {
    const [device, fresh] = [datagramDevice(), datagramGateway()];
    fresh.receive(...device.output());
    device.receive(...fresh.output());
    const helloAck = device.output().at(-1)!;
    expectDropped(device, plainFrame(FrameType.SESSION_OK, concat(filled(16, 0), helloAck.subarray(12))));
    exchangeFor(1_000, device, fresh);
    expect(device.established).to.equal(true);
  });

  it("case 28: drops a message with a fourth DATA_FRAG, and delivers the next one", () => {
    for (let seq = 0; seq < 4; seq++) gateway.receive(fromDevice(FrameType.DATA_FRAG, seq, utf8("x")));
    gateway.receive(fromDevice(FrameType.DATA, 4, utf8("x")), fromDevice(FrameType.DATA, 5, utf8("whole")));
    expect(gateway.texts).to.deep.equal(["whole"]);
    expect(gateway.output()).to.have.lengthOf(6);
  });

  it("case 29: drops a message that a PING interrupts, answers the PING, and delivers the next message", () => {
    gateway.receive(
      fromDevice(FrameType.DATA_FRAG, 0, utf8("a")),
      fromDevice(FrameType.PING, 1),
      fromDevice(FrameType.DATA, 2, utf8("b")),
      fromDevice(FrameType.DATA, 3, utf8("whole")),
    );
    expect(gateway.texts).to.deep.equal(["whole"]);
    expect(namesOf(gateway.output())).to.include("PONG 0");
  });

  it("case 34: ends SEQUENCE for a frame that verifies with the last number", () => {
    gateway.receive(fromDevice(FrameType.DATA, 0xffff_ffff));
    expect(gateway.closed).to.equal("SEQUENCE");
  });

  it("case 35: ends FLOOD for the ninth control frame in a second", () => {
    for (let seq = 0; seq < 8; seq++) gateway.receive(fromDevice(FrameType.PONG, seq));
    expect(gateway.closed).to.equal(undefined);
    gateway.receive(fromDevice(FrameType.PONG, 8));
    expect(gateway.closed).to.equal("FLOOD");
  });

  it("case 36: ends TIMEOUT after a minute without a frame that verifies; forged and old ones do not push that back", () => {
    gateway.receive(good);
    gateway.pass(59_999);
    gateway.receive(good, withCrc(flipped(fromDevice(FrameType.DATA, 1), -1)));
    expect(gateway.pass(1).closed).to.equal("TIMEOUT");
  });

  it("case 42: delivers what arrives first 63 behind the newest, and drops what is 64 behind", () => {
    gateway.receive(fromDevice(FrameType.DATA, 100, utf8("newest")), fromDevice(FrameType.DATA, 37, utf8("63 behind")));
    expect(gateway.texts).to.deep.equal(["newest", "63 behind"]);
    gateway.output();
    expectDropped(gateway, fromDevice(FrameType.DATA, 36, utf8("64 behind")));
  });

  it("case 43: ignores a UTACK with a bad MAC, without one, for another type or number, or reflected", () => {
    const device = establishedDatagramEnd("device");
    device.send(utf8("x"));
    const [data] = device.output();
    const right = utackFor(data!, C2S);
    expectDropped(
      device,
      flipped(right, -1),
      bareUtackFor(data!),
      utackFor(fromDevice(FrameType.PING, 0), C2S),
      utackFor(fromDevice(FrameType.DATA, 1), C2S),
      utackFor(data!, S2C),
      right.subarray(0, 14),
    );
    expect(device.nextDeadline().output()).to.deep.equal([data]);
    device.receive(right);
    expect(device.connection.settled()).to.equal(1);
  });

  it("case 44: ends after eight sendings of the same bytes over at least 16 s", () => {
    const device = establishedDatagramEnd("device");
    device.send(utf8("x"));
    const [first] = device.output();
    const sent = [first];
    while (device.closed === undefined) sent.push(...device.nextDeadline().output());
    expect(sent).to.deep.equal(Array.from({ length: 8 }, () => first));
    expect(device.closed).to.equal("TIMEOUT");
    expect(device.now).to.be.at.least(16_000);
  });

  it("case 45: neither takes nor acknowledges messages while the application does not read; delivers a retransmission later", () => {
    gateway.connection.setReading(false, 0);
    gateway.receive(good, fromDevice(FrameType.DATA_FRAG, 1, utf8("x")));
    expect(gateway.output()).to.deep.equal([]);
    gateway.receive(fromDevice(FrameType.PING, 2));
    expect(namesOf(gateway.output()), "control frames always have room").to.deep.equal(["UTACK PING 2", "PONG 0"]);
    gateway.connection.setReading(true, 0);
    gateway.receive(good);
    expect(gateway.texts).to.deep.equal(["good"]);
    expect(namesOf(gateway.output())).to.deep.equal(["UTACK DATA 0"]);
  });

  it("case 46: drops a message with a missing fragment, and delivers the next one", () => {
    gateway.receive(
      fromDevice(FrameType.DATA_FRAG, 0, utf8("a")),
      fromDevice(FrameType.DATA, 2, utf8("c")),
      fromDevice(FrameType.DATA, 3, utf8("whole")),
    );
    expect(gateway.texts).to.deep.equal(["whole"]);
  });

  for (const length of [31, 33]) {
    it(`case 50: ends CRYPTO for a REKEY salt of ${length} bytes that verifies`, () => {
      gateway.receive(fromDevice(FrameType.REKEY, 0, counted(length)));
      expect(gateway.closed).to.equal("CRYPTO");
    });
  }

  for (const type of [FrameType.PING, FrameType.PONG, FrameType.BYE]) {
    it(`case 78: drops ${frameTypeName(type)} with a payload: no UTACK, no answer, its number stays free (§2)`, () => {
      for (const length of [1, 32, 452]) gateway.receive(fromDevice(type, 0, counted(length)));
      expect([gateway.output(), gateway.closed]).to.deep.equal([[], undefined]);
      gateway.receive(fromDevice(FrameType.DATA, 0, utf8("still here")));
      expect(gateway.texts).to.deep.equal(["still here"]);
    });
  }

  it("case 51: takes a REKEY between fragments, and drops the message", () => {
    gateway.receive(fromDevice(FrameType.DATA_FRAG, 0, utf8("a")), fromDevice(FrameType.REKEY, 1, filled(32, 1)));
    expect(namesOf(gateway.output())).to.deep.equal(["UTACK DATA_FRAG 0", "UTACK REKEY 1"]);
    expect(gateway.rekeyed).to.deep.equal(["peer"]);
    expect(gateway.texts).to.deep.equal([]);
  });

  it("case 51: ends FRAGMENT if the peer changes keys within a message of its own", () => {
    const salt = filled(32, 7);
    const device = establishedDatagramEnd("device", {
      crypto: { ...crypto, randomBytes: () => Uint8Array.from(salt) },
    });
    device.connection.request({ type: "rekey" }, 0);
    device.receive(fromGateway(FrameType.DATA_FRAG, 0, utf8("begun")));
    const context = { crypto, cipher: "aes-256-gcm", sessionId: SESSION_ID } as const;
    const [, key] = deriveRekeyed(context, C2S.key, S2C.key, salt);
    device.receive(sealedFrame({ key, sessionId: SESSION_ID }, FrameType.DATA, 0, utf8("the rest")));
    expect(device.closed).to.equal("FRAGMENT");
    expect(device.texts).to.deep.equal([]);
  });

  it("case 66: takes a REKEY under the new key for the acknowledgement of its own, from a peer that does not wait", () => {
    const salt = filled(32, 7);
    const device = establishedDatagramEnd("device", {
      crypto: { ...crypto, randomBytes: () => Uint8Array.from(salt) },
    });
    device.connection.request({ type: "rekey" }, 0);
    const context = { crypto, cipher: "aes-256-gcm", sessionId: SESSION_ID } as const;
    const [, key] = deriveRekeyed(context, C2S.key, S2C.key, salt);
    device.receive(sealedFrame({ key, sessionId: SESSION_ID }, FrameType.REKEY, 0, filled(32, 8)));
    expect(device.rekeyed).to.deep.equal(["self", "peer"]);
    expect(device.closed).to.equal(undefined);
  });

  it("case 52: acknowledges a repeated REKEY again under the old key if its UTACK was lost", () => {
    const { device, gateway: peer } = datagramPair();
    device.connection.request({ type: "rekey" }, 0);
    let lost = 0;
    exchangeFor(
      5_000,
      device,
      peer,
      (datagram, from) => from === peer && nameOf(datagram).includes("REKEY") && lost++ < 3,
    );
    expect(lost, "three that were lost, and one that was not").to.equal(4);
    for (const end of [device, peer]) end.send(utf8("x"));
    exchange(device, peer);
    expect([device.texts, peer.texts]).to.deep.equal([["x"], ["x"]]);
  });

  it("case 61: answers a forged CHALLENGE and HELLO_RETRY, and the real ones still succeed", () => {
    const [device, fresh] = [datagramDevice(), datagramGateway()];
    const hello = device.output();
    for (let forged = 0; forged < 3; forged++) {
      device.receive(plainFrame(FrameType.CHALLENGE, counted(64, forged)));
      device.receive(plainFrame(FrameType.HELLO_RETRY, filled(16, forged)));
    }
    device.receive(plainFrame(FrameType.SESSION_OK, counted(48)));
    device.output();
    fresh.receive(...hello);
    device.receive(...fresh.output());
    exchangeFor(5_000, device, fresh);
    expect(device.established && fresh.established).to.equal(true);
  });

  it("case 61: keeps no more than sixteen CHALLENGEs, the first and the newest eight", () => {
    const device = datagramDevice();
    device.output();
    for (let forged = 0; forged < 50; forged++) device.receive(plainFrame(FrameType.CHALLENGE, counted(64, forged)));
    device.output();
    expect(device.nextDeadline().output()).to.have.lengthOf(16);
    device.receive(plainFrame(FrameType.CHALLENGE, counted(64, 49)));
    expect(namesOf(device.output()), "known").to.deep.equal(["UTACK CHALLENGE 0"]);
    device.receive(plainFrame(FrameType.CHALLENGE, counted(64, 7)));
    expect(namesOf(device.output()), "known").to.deep.equal(["UTACK CHALLENGE 0"]);
    device.receive(plainFrame(FrameType.CHALLENGE, counted(64, 8)));
    expect(namesOf(device.output()), "forgotten").to.deep.equal(["UTACK CHALLENGE 0", "HELLO_ACK 2"]);
  });

  it("case 61: many forged CHALLENGEs behind the real one do not push it out", () => {
    const [device, fresh] = [datagramDevice(), datagramGateway()];
    fresh.receive(...device.output());
    device.receive(...fresh.output());
    for (let forged = 0; forged < 50; forged++) device.receive(plainFrame(FrameType.CHALLENGE, counted(64, forged)));
    exchangeFor(5_000, device, fresh);
    expect(device.established && fresh.established).to.equal(true);
  });

  for (const what of ["CHALLENGE", "HELLO_ACK", "SESSION_OK"] as const) {
    for (const losses of [1, 2]) {
      it(`case 62: completes the handshake if the first ${losses} of ${what} are lost, one session`, () => {
        const [device, fresh] = [datagramDevice(), datagramGateway()];
        let lost = 0;
        exchangeFor(14_000, device, fresh, (datagram) => nameOf(datagram).startsWith(`${what} `) && lost++ < losses);
        expect(lost).to.be.greaterThan(losses);
        for (const end of [device, fresh])
          expect(end.events.filter(({ type }) => type === "established")).to.have.lengthOf(1);
      });
    }
  }

  for (const before of [63, 64, 70, 200]) {
    it(`case 64: delivers 12 messages after a REKEY after ${before} frames`, () => {
      const { device, gateway: peer } = datagramPair();
      for (let index = 0; index < before; index++) device.send(utf8("x"));
      exchange(device, peer);
      device.connection.request({ type: "rekey" }, 0);
      for (let index = 0; index < 12; index++) device.send(utf8("after"));
      exchange(device, peer);
      expect(peer.texts.filter((text) => text === "after")).to.have.lengthOf(12);
    });
  }

  it("case 65: takes copies of a REKEY that it ignores for no flood, however many", () => {
    const { device, gateway: peer } = datagramPair();
    device.connection.request({ type: "rekey" }, 0);
    peer.connection.request({ type: "rekey" }, 0);
    const [ours] = device.output();
    const [theirs] = peer.output();
    for (let copy = 0; copy < 100; copy++) expectDropped(device, theirs!);
    peer.receive(ours!);
    device.receive(peer.output()[0]!);
    for (let copy = 0; copy < 100; copy++) device.receive(theirs!);
    exchange(device, peer);
    for (const end of [device, peer]) end.send(utf8("x"));
    exchange(device, peer);
    expect([device.texts, peer.texts]).to.deep.equal([["x"], ["x"]]);
  });

  it("case 65: is not moved by a delayed copy of a dropped, crossed REKEY", () => {
    const { device, gateway: peer } = datagramPair();
    device.connection.request({ type: "rekey" }, 0);
    peer.connection.request({ type: "rekey" }, 0);
    const [theirs] = peer.output();
    exchange(device, peer);
    for (let at = 0; at < 3; at++) {
      expectDropped(device, theirs!);
      for (const end of [device, peer]) end.send(utf8("x"));
      exchange(device, peer);
    }
    expect(device.texts).to.have.lengthOf(3);
    expect(device.rekeyed).to.deep.equal(["self"]);
  });
});

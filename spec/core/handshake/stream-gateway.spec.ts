import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import { StreamGatewayHandshake } from "../../../lib/core/handshake/stream-gateway.js";
import type { HandshakeStep } from "../../../lib/core/handshake/handshake.js";
import {
  deriveSessionKeys,
  hmacClient,
  hmacServer,
  type Transcript,
} from "../../../lib/core/handshake/key-derivation.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { UsmpError } from "../../../lib/errors.js";
import { counted, filled, flipped, toHex } from "../../support/core-bytes.js";
import { crypto, scripted } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { asFrame, plainFrame } from "../../support/core-frames.js";
import { DECOY_PSK, DEVICE_ID, PSK } from "../../support/core-pair.js";
import { keyPairFrom } from "../../support/key-pair-from.js";

const privateKey = counted(32, 0x77);
const gatewayPair = keyPairFrom(privateKey);
const devicePair = keyPairFrom(counted(32, 0x11));
const nonce = filled(32, 0x4e);
const sessionId = counted(16, 0x60);
const transcript: Transcript = { deviceId: DEVICE_ID, pubC: devicePair.publicKey, nonce, pubS: gatewayPair.publicKey };

const hello = concat(DEVICE_ID, devicePair.publicKey);
const helloAck = hmacClient(crypto, PSK, transcript);

/** `random`: what follows the handshake nonce. */
function gateway(...random: readonly Uint8Array[]): StreamGatewayHandshake {
  return new StreamGatewayHandshake({
    crypto: scripted({ privateKeys: [privateKey], random: [nonce, ...random] }),
    decoyPsk: DECOY_PSK,
  });
}

function take(subject: StreamGatewayHandshake, type: number, payload: Uint8Array): HandshakeStep {
  return subject.receive(asFrame(plainFrame(type, payload)));
}

function challenged(...random: readonly Uint8Array[]): StreamGatewayHandshake {
  const subject = gateway(...random);
  take(subject, FrameType.HELLO, hello);
  subject.providePsk(PSK);
  return subject;
}

describe("StreamGatewayHandshake", () => {
  it("lets the device speak first", () => {
    expect(gateway().start()).to.equal(null);
  });

  it("looks up the key of the device that sends HELLO", () => {
    expect(take(gateway(), FrameType.HELLO, hello)).to.deep.equal({ type: "lookup", deviceId: DEVICE_ID });
  });

  it("takes a HELLO with a cookie, which means nothing on a stream (§3)", () => {
    const subject = gateway();
    expect(take(subject, FrameType.HELLO, concat(hello, counted(16))).type).to.equal("lookup");
    subject.providePsk(PSK);
    expect(toHex(hmacClient(crypto, PSK, transcript))).to.equal(toHex(helloAck));
  });

  it("challenges with its nonce and key, seq 0 (§3)", () => {
    const subject = gateway();
    take(subject, FrameType.HELLO, hello);
    expect(subject.providePsk(PSK)).to.deep.equal({
      type: FrameType.CHALLENGE,
      seq: 0,
      payload: concat(nonce, gatewayPair.publicKey),
    });
  });

  it("is done once HELLO_ACK proves the key, with SESSION_OK and the device's keys (§3)", () => {
    const subject = challenged(sessionId);
    const keys = deriveSessionKeys(crypto, devicePair, gatewayPair.publicKey, transcript);
    expect(take(subject, FrameType.HELLO_ACK, helloAck)).to.deep.equal({
      type: "done",
      frame: {
        type: FrameType.SESSION_OK,
        seq: 0,
        payload: concat(sessionId, hmacServer(crypto, PSK, transcript, sessionId)),
      },
    });
    expectCode(() => take(subject, FrameType.HELLO_ACK, helloAck), "HANDSHAKE");
    expect(subject.conclude()).to.deep.equal({ deviceId: DEVICE_ID, sessionId, keys });
    expectCode(() => take(subject, FrameType.HELLO_ACK, helloAck), "HANDSHAKE");
  });

  it("keeps no reference to bytes it was lent", () => {
    const subject = gateway(sessionId);
    const lent = Buffer.from(plainFrame(FrameType.HELLO, hello));
    const psk = Uint8Array.from(PSK);
    subject.receive(asFrame(lent));
    lent.fill(0xee);
    subject.providePsk(psk);
    psk.fill(0xee);
    const done = take(subject, FrameType.HELLO_ACK, helloAck);
    expect(done.type).to.equal("done");
    expect(subject.conclude().deviceId).to.deep.equal(DEVICE_ID);
  });

  it("challenges a device without a key all the same, and rejects it at its proof", () => {
    const subject = gateway(filled(32, 0x99));
    take(subject, FrameType.HELLO, hello);
    expect(subject.providePsk(null)).to.deep.equal({
      type: FrameType.CHALLENGE,
      seq: 0,
      payload: concat(nonce, gatewayPair.publicKey),
    });
    expectCode(() => take(subject, FrameType.HELLO_ACK, helloAck), "AUTH");
  });

  it("takes a key only after it asked for one, and once", () => {
    const subject = gateway();
    expect(subject.providePsk(PSK)).to.equal(null);
    take(subject, FrameType.HELLO, hello);
    expect(subject.providePsk(PSK)).not.to.equal(null);
    expect(subject.providePsk(PSK)).to.equal(null);
    subject.wipe();
    expect(subject.providePsk(PSK)).to.equal(null);
  });

  it("rejects HELLO_ACK with any bit flipped, or for another key (§3)", () => {
    for (let index = 0; index < helloAck.length; index++) {
      expectCode(() => take(challenged(), FrameType.HELLO_ACK, flipped(helloAck, index)), "AUTH");
    }
    expectCode(() => take(challenged(), FrameType.HELLO_ACK, hmacClient(crypto, flipped(PSK, 0), transcript)), "AUTH");
  });

  it("rejects wrong types and lengths in every state", () => {
    for (const type of [FrameType.CHALLENGE, FrameType.HELLO_ACK, FrameType.HELLO_RETRY, 0x00, 0x0c, 0xff]) {
      expectCode(() => take(gateway(), type, hello), "HANDSHAKE");
    }
    for (const length of [0, 37, 39, 53, 55])
      expectCode(() => take(gateway(), FrameType.HELLO, counted(length)), "HANDSHAKE");
    for (const type of [FrameType.HELLO, FrameType.SESSION_OK, 0xff]) {
      expectCode(() => take(challenged(), type, helloAck), "HANDSHAKE");
    }
    for (const length of [0, 31, 33])
      expectCode(() => take(challenged(), FrameType.HELLO_ACK, counted(length)), "HANDSHAKE");
  });

  it("rejects anything that comes before CHALLENGE went out", () => {
    const subject = gateway();
    take(subject, FrameType.HELLO, hello);
    expectCode(() => take(subject, FrameType.HELLO_ACK, helloAck), "HANDSHAKE");
  });

  it("concludes only what a HELLO_ACK has proved, and once", () => {
    expectCode(() => gateway().conclude(), "HANDSHAKE");
    expectCode(() => challenged().conclude(), "HANDSHAKE");
    const subject = challenged(sessionId);
    take(subject, FrameType.HELLO_ACK, helloAck);
    subject.conclude();
    expectCode(() => subject.conclude(), "HANDSHAKE");
  });

  it("blames the network for an early end", () => {
    const cause = new UsmpError("TRANSPORT", "ECONNRESET");
    expect(challenged().endedEarly(cause)).to.include({ code: "TRANSPORT", cause });
  });

  it("blames the lookup for a deadline that passed in it, the device for any other", () => {
    const subject = gateway();
    expect(subject.timedOut(99).code).to.equal("TIMEOUT");
    take(subject, FrameType.HELLO, hello);
    expect(subject.timedOut(99).code).to.equal("AUTH");
    subject.providePsk(PSK);
    expect(subject.timedOut(99).code).to.equal("TIMEOUT");
    expect(subject.timedOut(99).message).to.include("99 ms");
  });

  it("wipes its copy of the key and its key pair, whenever that is", () => {
    const wiped: string[] = [];
    const base = scripted({ privateKeys: [privateKey], random: [nonce] });
    const watched = {
      ...base,
      generateKeyPair: () => ({
        ...base.generateKeyPair(),
        publicKey: gatewayPair.publicKey,
        wipe: () => wiped.push("pair"),
      }),
      wipe: (bytes: Uint8Array) => wiped.push(toHex(bytes)),
    };
    const subject = new StreamGatewayHandshake({ crypto: watched, decoyPsk: DECOY_PSK });
    subject.wipe();
    expect(wiped).to.deep.equal([]);

    const other = new StreamGatewayHandshake({ crypto: watched, decoyPsk: DECOY_PSK });
    take(other, FrameType.HELLO, hello);
    other.providePsk(PSK);
    other.wipe();
    other.wipe();
    expect(wiped).to.deep.equal(["pair", toHex(PSK)]);
    expectCode(() => take(other, FrameType.HELLO_ACK, helloAck), "HANDSHAKE");
  });
});

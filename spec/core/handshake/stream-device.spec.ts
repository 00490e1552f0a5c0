import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import { StreamDeviceHandshake } from "../../../lib/core/handshake/stream-device.js";
import type { HandshakeFrame, HandshakeStep } from "../../../lib/core/handshake/handshake.js";
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
import { DEVICE_ID, PSK } from "../../support/core-pair.js";
import { keyPairFrom } from "../../support/key-pair-from.js";

const privateKey = counted(32, 0x11);
const devicePair = keyPairFrom(privateKey);
const gatewayPair = keyPairFrom(counted(32, 0x77));
const nonce = filled(32, 0x4e);
const sessionId = counted(16, 0x60);
const transcript: Transcript = { deviceId: DEVICE_ID, pubC: devicePair.publicKey, nonce, pubS: gatewayPair.publicKey };

function device(): StreamDeviceHandshake {
  return new StreamDeviceHandshake({ crypto: scripted({ privateKeys: [privateKey] }), psk: PSK, deviceId: DEVICE_ID });
}

function take(subject: StreamDeviceHandshake, type: number, payload: Uint8Array): HandshakeStep {
  return subject.receive(asFrame(plainFrame(type, payload)));
}

function sent(step: HandshakeStep): HandshakeFrame {
  if (step.type !== "send") expect.fail(`the step was ${step.type}`);
  return step.frame;
}

const challenge = concat(nonce, gatewayPair.publicKey);
const sessionOk = concat(sessionId, hmacServer(crypto, PSK, transcript, sessionId));

describe("StreamDeviceHandshake", () => {
  it("sends HELLO with its id and key, seq 0 (§3)", () => {
    expect(device().start()).to.deep.equal({
      type: FrameType.HELLO,
      seq: 0,
      payload: concat(DEVICE_ID, devicePair.publicKey),
    });
  });

  it("sends HELLO again with the cookie, seq 1 and the same key (§3)", () => {
    const subject = device();
    const frame = sent(take(subject, FrameType.HELLO_RETRY, counted(16)));
    expect(frame).to.deep.equal({
      type: FrameType.HELLO,
      seq: 1,
      payload: concat(DEVICE_ID, devicePair.publicKey, counted(16)),
    });
    expect(sent(take(subject, FrameType.CHALLENGE, challenge)).type).to.equal(FrameType.HELLO_ACK);
  });

  it("follows one HELLO_RETRY at most (§3)", () => {
    const subject = device();
    take(subject, FrameType.HELLO_RETRY, counted(16));
    expectCode(() => take(subject, FrameType.HELLO_RETRY, counted(16)), "HANDSHAKE");
  });

  it("answers CHALLENGE with its proof, seq 2 (§3)", () => {
    expect(sent(take(device(), FrameType.CHALLENGE, challenge))).to.deep.equal({
      type: FrameType.HELLO_ACK,
      seq: 2,
      payload: hmacClient(crypto, PSK, transcript),
    });
  });

  it("is done once SESSION_OK proves the key, with the gateway's keys", () => {
    const subject = device();
    take(subject, FrameType.CHALLENGE, challenge);
    const keys = deriveSessionKeys(crypto, gatewayPair, devicePair.publicKey, transcript);
    expect(take(subject, FrameType.SESSION_OK, sessionOk)).to.deep.equal({
      type: "done",
      frame: null,
    });
    expectCode(() => take(subject, FrameType.SESSION_OK, sessionOk), "HANDSHAKE");
    expect(subject.conclude()).to.deep.equal({ deviceId: DEVICE_ID, sessionId, keys });
    expectCode(() => take(subject, FrameType.SESSION_OK, sessionOk), "HANDSHAKE");
    expectCode(() => subject.conclude(), "HANDSHAKE");
  });

  it("keeps no byte of a chunk that it was lent", () => {
    const subject = device();
    const lent = [
      Buffer.from(plainFrame(FrameType.CHALLENGE, challenge)),
      Buffer.from(plainFrame(FrameType.SESSION_OK, sessionOk)),
    ];
    for (const chunk of lent) {
      subject.receive(asFrame(chunk));
      chunk.fill(0xee);
    }
    expect(toHex(subject.conclude().sessionId)).to.equal(toHex(sessionId));
  });

  it("accepts any seq: public peers number as they like (§9)", () => {
    const subject = device();
    subject.receive(asFrame(plainFrame(FrameType.CHALLENGE, challenge, 77)));
    expect(subject.receive(asFrame(plainFrame(FrameType.SESSION_OK, sessionOk, 0xffff_ffff))).type).to.equal("done");
  });

  it("rejects wrong types and lengths in every state", () => {
    for (const type of [FrameType.HELLO, FrameType.HELLO_ACK, FrameType.SESSION_OK, 0x00, 0x0c, 0xff]) {
      expectCode(() => take(device(), type, challenge), "HANDSHAKE");
    }
    for (const length of [0, 63, 65, 480])
      expectCode(() => take(device(), FrameType.CHALLENGE, counted(length)), "HANDSHAKE");
    for (const length of [0, 15, 17])
      expectCode(() => take(device(), FrameType.HELLO_RETRY, counted(length)), "HANDSHAKE");

    const challenged = () => {
      const subject = device();
      take(subject, FrameType.CHALLENGE, challenge);
      return subject;
    };
    for (const type of [FrameType.HELLO, FrameType.CHALLENGE, FrameType.HELLO_ACK, FrameType.HELLO_RETRY, 0xff]) {
      expectCode(() => take(challenged(), type, sessionOk), "HANDSHAKE");
    }
    for (const length of [0, 47, 49])
      expectCode(() => take(challenged(), FrameType.SESSION_OK, counted(length)), "HANDSHAKE");
  });

  it("rejects SESSION_OK with any bit flipped", () => {
    for (let index = 0; index < sessionOk.length; index++) {
      const subject = device();
      take(subject, FrameType.CHALLENGE, challenge);
      expectCode(() => take(subject, FrameType.SESSION_OK, flipped(sessionOk, index)), "AUTH");
    }
  });

  it("never asks for a key", () => {
    expect(device().providePsk()).to.equal(null);
  });

  it("blames the network for an end before CHALLENGE, the key for one after HELLO_ACK", () => {
    const cause = new UsmpError("TRANSPORT", "ECONNRESET");
    const subject = device();
    expect(subject.endedEarly().code).to.equal("TRANSPORT");
    expect(subject.endedEarly(cause).cause).to.equal(cause);
    take(subject, FrameType.CHALLENGE, challenge);
    expect(subject.endedEarly().code).to.equal("AUTH");
    expect(subject.endedEarly(cause).cause).to.equal(cause);
  });

  it("names the frame that did not come in time", () => {
    const subject = device();
    expect(subject.timedOut(1234)).to.include({ code: "TIMEOUT" });
    expect(subject.timedOut(1234).message).to.include("CHALLENGE").and.to.include("1234 ms");
    take(subject, FrameType.CHALLENGE, challenge);
    expect(subject.timedOut(1234)).to.include({ code: "TIMEOUT" });
    expect(subject.timedOut(1234).message).to.include("SESSION_OK");
  });

  it("is over once wiped, which is harmless at any time", () => {
    const subject = device();
    subject.wipe();
    subject.wipe();
    expectCode(() => take(subject, FrameType.CHALLENGE, challenge), "HANDSHAKE");
  });

  it("computes its one exchange while it waits for SESSION_OK, and the session gets those keys", () => {
    const { subject, exchanges } = counting();
    subject.prepare();
    expect(exchanges()).to.equal(0);
    take(subject, FrameType.CHALLENGE, challenge);
    subject.prepare();
    subject.prepare();
    expect(exchanges()).to.equal(1);
    take(subject, FrameType.SESSION_OK, sessionOk);
    const { keys } = subject.conclude();
    expect(exchanges()).to.equal(1);
    expect(keys).to.deep.equal(deriveSessionKeys(crypto, keyPairFrom(privateKey), gatewayPair.publicKey, transcript));
  });

  for (const isDone of [false, true]) {
    it(`wipes keys that it derived ahead and nobody takes${isDone ? ", after SESSION_OK, too" : ""}`, () => {
      const { subject, wiped } = counting();
      take(subject, FrameType.CHALLENGE, challenge);
      subject.prepare();
      if (isDone) take(subject, FrameType.SESSION_OK, sessionOk);
      subject.wipe();
      const keys = deriveSessionKeys(crypto, keyPairFrom(privateKey), gatewayPair.publicKey, transcript);
      expect(wiped()).to.include.members([toHex(keys!.c2s), toHex(keys!.s2c)]);
      expectCode(() => subject.conclude(), "HANDSHAKE");
    });
  }
});

/** A device whose exchanges are counted, and what is wiped is noted. */
function counting(): { subject: StreamDeviceHandshake; exchanges: () => number; wiped: () => string[] } {
  const wiped: string[] = [];
  let exchanges = 0;
  const pair = keyPairFrom(privateKey);
  const provider = {
    ...scripted({ privateKeys: [] }),
    generateKeyPair: () => ({
      publicKey: pair.publicKey,
      sharedSecret: (peer: Uint8Array) => (exchanges++, pair.sharedSecret(peer)),
      wipe: () => pair.wipe(),
    }),
    wipe: (bytes: Uint8Array) => (wiped.push(toHex(bytes)), crypto.wipe(bytes)),
  };
  const subject = new StreamDeviceHandshake({ crypto: provider, psk: PSK, deviceId: DEVICE_ID });
  return { subject, exchanges: () => exchanges, wiped: () => wiped };
}

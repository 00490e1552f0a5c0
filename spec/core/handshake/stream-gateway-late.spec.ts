/** A gateway that answers before it computes its keys: what leaves when, and what becomes of it where that fails. */
import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import type { CryptoProvider } from "../../../lib/core/crypto-provider.js";
import { StreamGatewayHandshake } from "../../../lib/core/handshake/stream-gateway.js";
import { hmacClient } from "../../../lib/core/handshake/key-derivation.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { UsmpError } from "../../../lib/errors.js";
import { filled } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { asFrame, plainFrame } from "../../support/core-frames.js";
import { DECOY_PSK, DEVICE_ID, deviceEnd, gatewayEnd, PSK, type End } from "../../support/core-pair.js";

/** The order of what a gateway does, and how its exchange ends. */
function watched(secret: () => Uint8Array | null | undefined = () => undefined): {
  readonly gateway: End;
  readonly device: End;
  readonly calls: string[];
} {
  const calls: string[] = [];
  const generateKeyPair: CryptoProvider["generateKeyPair"] = () => {
    const pair = crypto.generateKeyPair();
    return {
      publicKey: pair.publicKey,
      sharedSecret: (peer) => {
        calls.push("exchange");
        const given = secret();
        return given === undefined ? pair.sharedSecret(peer) : given;
      },
      wipe: () => void calls.push("wipe"),
    };
  };
  const hmacSha256: CryptoProvider["hmacSha256"] = (key, ...parts) => {
    calls.push("hmac");
    return crypto.hmacSha256(key, ...parts);
  };
  const gateway = gatewayEnd({ crypto: { ...crypto, generateKeyPair, hmacSha256 } });
  const device = deviceEnd();
  gateway.receive(device.output());
  device.receive(gateway.output());
  return { gateway, device, calls };
}

describe("a gateway that answers before it computes its keys", () => {
  it("sends SESSION_OK first, then computes one exchange, wipes its secrets, and is established", () => {
    const { gateway, device, calls } = watched();
    gateway.connection.receive(device.output(), 0);
    expect(gateway.frames().map((frame) => frame[3])).to.deep.equal([FrameType.SESSION_OK]);
    expect(calls).to.deep.equal(["hmac", "hmac", "hmac"]);
    expect(gateway.established).to.equal(false);
    gateway.connection.prepare(0);
    expect(calls).to.deep.equal(["hmac", "hmac", "hmac", "exchange", "wipe"]);
    expect(gateway.established).to.equal(true);
    gateway.connection.prepare(0);
    expect(calls).to.have.lengthOf(5);
  });

  for (const isPrepared of [true, false]) {
    it(`has the same session as the device, whose first frame comes ${isPrepared ? "after" : "before"} prepare`, () => {
      const { gateway, device, calls } = watched();
      gateway.connection.receive(device.output(), 0);
      device.receive(gateway.output());
      if (isPrepared) gateway.connection.prepare(0);
      device.connection.send(Uint8Array.of(1, 2, 3), 0);
      gateway.connection.receive(device.output(), 0);
      expect(gateway.events.map(({ type }) => type)).to.deep.equal(["hello", "established", "message"]);
      expect(gateway.messages).to.deep.equal([Uint8Array.of(1, 2, 3)]);
      gateway.connection.prepare(0);
      expect(calls.filter((call) => call === "exchange")).to.have.lengthOf(1);
    });
  }

  it("has no session to send on, ping or rekey before prepare", () => {
    const { gateway, device } = watched();
    gateway.connection.receive(device.output(), 0);
    expectCode(() => gateway.connection.send(Uint8Array.of(1), 0), "NOT_CONNECTED");
    gateway.connection.request({ type: "ping" }, 0);
    gateway.connection.request({ type: "rekey" }, 0);
    gateway.connection.providePsk(PSK);
    expect(gateway.frames()).to.have.lengthOf(1);
    expect(gateway.closed).to.equal(undefined);
  });

  it("does not expect a peer to be heard that the application does not read, from prepare on", () => {
    const gateway = gatewayEnd({ keepalive: { idleTimeoutMs: 1_000 } });
    const device = deviceEnd();
    gateway.receive(device.output());
    device.receive(gateway.output());
    gateway.connection.receive(device.output(), 0);
    gateway.connection.setReading(false, 0);
    gateway.connection.prepare(0);
    gateway.connection.handleDeadline(9_999);
    expect([gateway.established, gateway.closed]).to.deep.equal([true, undefined]);
  });

  it("ends TIMEOUT at the handshake's deadline, and wipes, if prepare never comes", () => {
    const { gateway, device, calls } = watched();
    gateway.connection.receive(device.output(), 0);
    expect(gateway.connection.nextDeadline()).to.equal(10_000);
    gateway.connection.handleDeadline(9_999);
    expect(gateway.closed).to.equal(undefined);
    gateway.connection.handleDeadline(10_000);
    expect([gateway.closed, gateway.established]).to.deep.equal(["TIMEOUT", false]);
    expect(calls.at(-1)).to.equal("wipe");
    expect(gateway.connection.nextDeadline()).to.equal(Infinity);
  });

  it("has HELLO_ACK's HMACs ready since it sent CHALLENGE", () => {
    const { gateway, device, calls } = watched();
    gateway.connection.prepare(0);
    expect(calls).to.deep.equal(["hmac", "hmac"]);
    gateway.connection.prepare(0);
    gateway.receive(device.output());
    expect(calls).to.deep.equal(["hmac", "hmac", "hmac", "exchange", "wipe"]);
    expect(gateway.established).to.equal(true);
  });

  for (const [what, end] of [
    ["breaks", (gateway: End) => gateway.connection.linkEnded(new UsmpError("TRANSPORT", "ECONNRESET"))],
    ["is closed", (gateway: End) => gateway.connection.close(new UsmpError("CLOSED", "by the spec"))],
    ["is abandoned", (gateway: End) => gateway.connection.abandon(new UsmpError("CLOSED", "by the spec"))],
  ] as const) {
    it(`has no session, and computes none, if the link ${what} before prepare`, () => {
      const { gateway, device, calls } = watched();
      gateway.connection.receive(device.output(), 0);
      end(gateway);
      gateway.connection.prepare(0);
      expect([gateway.established, gateway.closed]).to.deep.equal([false, what === "breaks" ? "TRANSPORT" : "CLOSED"]);
      expect(calls).to.include("wipe");
      expect(calls).not.to.include("exchange");
    });
  }

  it("ends AUTH without a session for a zero secret, whatever the public key was", () => {
    const { gateway, device, calls } = watched(() => null);
    gateway.receive(device.output());
    expect([gateway.closed, gateway.established]).to.deep.equal(["AUTH", false]);
    expect(calls.slice(-2)).to.deep.equal(["exchange", "wipe"]);
  });

  it("rejects every frame once HELLO_ACK has verified, before conclude and after", () => {
    const handshake = new StreamGatewayHandshake({ crypto, decoyPsk: DECOY_PSK });
    const pubC = crypto.generateKeyPair().publicKey;
    handshake.receive(asFrame(plainFrame(FrameType.HELLO, concat(DEVICE_ID, pubC))));
    const { payload } = handshake.providePsk(PSK)!;
    const transcript = { deviceId: DEVICE_ID, pubC, nonce: payload.slice(0, 32), pubS: payload.slice(32) };
    const helloAck = asFrame(plainFrame(FrameType.HELLO_ACK, hmacClient(crypto, PSK, transcript)));
    handshake.receive(helloAck);
    expectCode(() => handshake.receive(helloAck), "HANDSHAKE");
    expect(handshake.conclude().deviceId).to.deep.equal(DEVICE_ID);
    expectCode(() => handshake.receive(helloAck), "HANDSHAKE");
  });

  it("sends nothing and computes no exchange for a wrong HELLO_ACK", () => {
    const { gateway, calls } = watched();
    gateway.receive(plainFrame(FrameType.HELLO_ACK, filled(32, 1)));
    expect([gateway.closed, gateway.output().length, calls]).to.deep.equal(["AUTH", 0, ["hmac", "hmac", "wipe"]]);
  });
});

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
  it("lets SESSION_OK leave first, then computes one exchange, forgets its secrets, and is established", () => {
    const { gateway, device, calls } = watched();
    gateway.connection.receive(device.output(), 0, () => {
      calls.push("flush");
      expect(gateway.frames().map((frame) => frame[3])).to.deep.equal([FrameType.SESSION_OK]);
      expect(gateway.established).to.equal(false);
    });
    expect(calls).to.deep.equal(["hmac", "hmac", "hmac", "flush", "exchange", "wipe"]);
    expect(gateway.established).to.equal(true);
  });

  it("has the same session as the device", () => {
    const { gateway, device } = watched();
    gateway.connection.receive(device.output(), 0, () => device.receive(gateway.output()));
    expect([device.established, gateway.established]).to.deep.equal([true, true]);
    device.connection.send(Uint8Array.of(1, 2, 3), 0);
    gateway.receive(device.output());
    expect(gateway.messages).to.deep.equal([Uint8Array.of(1, 2, 3)]);
  });

  it("has held what HELLO_ACK is compared with ready since it was challenged", () => {
    const { gateway, device, calls } = watched();
    gateway.connection.prepare();
    expect(calls).to.deep.equal(["hmac", "hmac"]);
    gateway.connection.prepare();
    gateway.receive(device.output());
    expect(calls).to.deep.equal(["hmac", "hmac", "hmac", "exchange", "wipe"]);
    expect(gateway.established).to.equal(true);
  });

  for (const [what, end] of [
    ["breaks", (gateway: End) => gateway.connection.linkEnded(new UsmpError("TRANSPORT", "ECONNRESET"))],
    ["is closed", (gateway: End) => gateway.connection.close(new UsmpError("CLOSED", "by the spec"))],
    ["is abandoned", (gateway: End) => gateway.connection.abandon(new UsmpError("CLOSED", "by the spec"))],
  ] as const) {
    it(`has no session, and computes none, where the link ${what} while SESSION_OK leaves`, () => {
      const { gateway, device, calls } = watched();
      gateway.connection.receive(device.output(), 0, () => end(gateway));
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

  it("takes no frame more before its result was asked for, nor after", () => {
    const handshake = new StreamGatewayHandshake({ crypto, decoyPsk: DECOY_PSK });
    const pubC = crypto.generateKeyPair().publicKey;
    handshake.receive(asFrame(plainFrame(FrameType.HELLO, concat(DEVICE_ID, pubC))));
    const { payload } = handshake.providePsk(PSK)!;
    const transcript = { deviceId: DEVICE_ID, pubC, nonce: payload.slice(0, 32), pubS: payload.slice(32) };
    const helloAck = asFrame(plainFrame(FrameType.HELLO_ACK, hmacClient(crypto, PSK, transcript)));
    const step = handshake.receive(helloAck);
    expectCode(() => handshake.receive(helloAck), "HANDSHAKE");
    expect(step.type === "done" && step.result.deviceId).to.deep.equal(DEVICE_ID);
    expectCode(() => handshake.receive(helloAck), "HANDSHAKE");
  });

  it("takes a wrong proof for one: nothing leaves, and nothing is computed", () => {
    const { gateway, calls } = watched();
    let flushes = 0;
    gateway.connection.receive(plainFrame(FrameType.HELLO_ACK, filled(32, 1)), 0, () => flushes++);
    expect([gateway.closed, flushes, calls]).to.deep.equal(["AUTH", 0, ["hmac", "hmac", "wipe"]]);
  });
});

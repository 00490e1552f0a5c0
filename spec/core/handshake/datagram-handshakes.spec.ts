import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import { DatagramDeviceHandshake } from "../../../lib/core/handshake/datagram-device.js";
import { DatagramGatewayHandshake } from "../../../lib/core/handshake/datagram-gateway.js";
import type { DatagramHandshake, DatagramHandshakeStep } from "../../../lib/core/handshake/datagram-step.js";
import { readDatagram } from "../../../lib/core/wire/datagram-frame.js";
import type { HandshakeFrame } from "../../../lib/core/handshake/handshake.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { counted, filled, flipped } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { plainFrame } from "../../support/core-frames.js";
import { DECOY_PSK, DEVICE_ID, PSK } from "../../support/core-pair.js";

function give(handshake: DatagramHandshake, { type, seq, payload }: HandshakeFrame): DatagramHandshakeStep | null {
  return handshake.receive(readDatagram(plainFrame(type, payload, seq))!);
}

/** The frame that a step sends. */
function sent(step: DatagramHandshakeStep | null): HandshakeFrame {
  if (step?.type === "reply") return step.send;
  if (step?.type === "done" && step.send !== null) return step.send;
  throw new Error(`nothing is sent: ${JSON.stringify(step?.type)}`);
}

describe("DatagramDeviceHandshake and DatagramGatewayHandshake", () => {
  let device: DatagramDeviceHandshake;
  let gateway: DatagramGatewayHandshake;

  beforeEach(() => {
    device = new DatagramDeviceHandshake({ crypto, psk: PSK, deviceId: DEVICE_ID });
    gateway = new DatagramGatewayHandshake({ crypto, decoyPsk: DECOY_PSK });
  });

  it("agree on keys (§3)", () => {
    expect(gateway.start()).to.equal(null);
    expect(give(gateway, device.start())).to.deep.include({ type: "lookup" });
    const challenge = gateway.providePsk(PSK)!;
    const helloAck = sent(give(device, challenge));
    const ofGateway = give(gateway, helloAck);
    const ofDevice = give(device, sent(ofGateway));
    if (ofGateway?.type !== "done" || ofDevice?.type !== "done") throw new Error("not done");
    expect(ofDevice.result).to.deep.equal(ofGateway.result);
    expect(ofDevice.result.deviceId).to.deep.equal(DEVICE_ID);
  });

  it("repeat the answer to a retransmission, and drop frames of another handshake", () => {
    const hello = device.start();
    const other = { ...hello, payload: flipped(hello.payload, -1) };
    const stranger = { ...hello, payload: flipped(hello.payload, 0) };
    give(gateway, hello);
    expect(give(gateway, hello)).to.deep.equal({ type: "again", send: [] });
    expect(give(gateway, other)).to.equal(null);
    const challenge = gateway.providePsk(PSK)!;
    expect(give(gateway, hello)).to.deep.equal({ type: "again", send: [challenge] });
    expect(give(gateway, { ...hello, payload: concat(hello.payload, filled(16, 1)) })?.type).to.equal("again");
    expect(give(gateway, other)).to.equal(null);
    expect(give(gateway, stranger)).to.equal(null);
    give(device, challenge);
    expect(give(device, challenge)).to.deep.equal({ type: "again", send: [] });
  });

  it("drop frames that belong to no state", () => {
    const helloAck = { type: FrameType.HELLO_ACK, seq: 2, payload: filled(32, 0) } as const;
    expect(give(gateway, helloAck), "before a HELLO").to.equal(null);
    expect(give(gateway, { type: FrameType.CHALLENGE, seq: 0, payload: counted(64) })).to.equal(null);
    expect(give(gateway, { type: FrameType.HELLO, seq: 0, payload: counted(39) })).to.equal(null);
    expect(give(device, { type: FrameType.SESSION_OK, seq: 0, payload: counted(48) })).to.equal(null);
    expect(give(device, { type: FrameType.CHALLENGE, seq: 0, payload: counted(63) })).to.equal(null);
    gateway.wipe();
    expect(give(gateway, device.start())).to.equal(null);
  });

  it("answer no key lookup that was not asked for", () => {
    expect(device.providePsk()).to.equal(null);
    expect(gateway.providePsk(PSK)).to.equal(null);
    give(gateway, device.start());
    expect(gateway.providePsk(null)).to.include({ type: FrameType.CHALLENGE });
    expect(gateway.providePsk(PSK)).to.equal(null);
  });

  it("name the error of a passed deadline", () => {
    expect(device.timedOut(5).code).to.equal("TIMEOUT");
    expect(gateway.timedOut(5).code).to.equal("TIMEOUT");
    give(gateway, device.start());
    expect(gateway.timedOut(5).code).to.equal("AUTH");
    const challenge = gateway.providePsk(PSK)!;
    expect(gateway.timedOut(5).code).to.equal("TIMEOUT");
    const helloAck = sent(give(device, challenge));
    expect(device.timedOut(5).code).to.equal("AUTH");
    give(gateway, { ...helloAck, payload: flipped(helloAck.payload, 0) });
    expect(gateway.timedOut(5).code).to.equal("AUTH");
  });

  it("forget their secrets more than once without harm", () => {
    give(gateway, device.start());
    const psk = Uint8Array.from(PSK);
    gateway.providePsk(psk);
    for (const handshake of [device, gateway, device, gateway]) handshake.wipe();
    expect(psk, "the caller's own").to.deep.equal(PSK);
  });
});

/** Hostile peers, and what is expected of the end that meets one. */
import { expect } from "chai";
import { concat } from "../../lib/core/wire/bytes.js";
import { hmacClient, hmacServer, type Transcript } from "../../lib/core/handshake/key-derivation.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { counted, filled, fromHex } from "./core-bytes.js";
import { crypto } from "./core-crypto.js";
import { plainFrame } from "./core-frames.js";
import { DEVICE_ID, establishedEnd, PSK, type End } from "./core-pair.js";

/**
 * Public keys for which every X25519 secret is zero: the points of order 1, 2, 4 and 8, their encodings above 2^255 - 19, and
 * all of them with the top bit set, which RFC 7748 masks away.
 */
export const LOW_ORDER_KEYS: readonly Uint8Array[] = [
  filled(32, 0),
  Uint8Array.of(1, ...filled(31, 0)),
  fromHex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
  fromHex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
  Uint8Array.of(0xec, ...filled(30, 0xff), 0x7f),
  Uint8Array.of(0xed, ...filled(30, 0xff), 0x7f),
  Uint8Array.of(0xee, ...filled(30, 0xff), 0x7f),
].flatMap((key) => [key, Uint8Array.from(key, (byte, index) => (index === 31 ? byte | 0x80 : byte))]);

const SESSION_ID = counted(16, 0x60);

/** Plays a device that knows the protocol up to HELLO_ACK, with a key of its choice. Gives back what the gateway says to HELLO_ACK. */
export function playDevice(
  gateway: End,
  { pubC = crypto.generateKeyPair().publicKey, psk = PSK, change = (hmac: Uint8Array) => hmac } = {},
): Uint8Array[] {
  gateway.receive(plainFrame(FrameType.HELLO, concat(DEVICE_ID, pubC)));
  const [challenge] = gateway.frames();
  const nonce = challenge!.slice(12, 44);
  const pubS = challenge!.slice(44);
  const hmac = hmacClient(crypto, psk, { deviceId: DEVICE_ID, pubC, nonce, pubS });
  gateway.receive(plainFrame(FrameType.HELLO_ACK, change(hmac)));
  return gateway.frames();
}

/** Plays a gateway up to SESSION_OK, with a key of its choice. */
export function playGateway(device: End, { pubS = crypto.generateKeyPair().publicKey, psk = PSK } = {}): void {
  const [hello] = device.frames();
  const nonce = filled(32, 0x4e);
  device.receive(plainFrame(FrameType.CHALLENGE, concat(nonce, pubS)));
  device.frames();
  const transcript: Transcript = { deviceId: DEVICE_ID, pubC: hello!.slice(18, 50), nonce, pubS };
  device.receive(plainFrame(FrameType.SESSION_OK, concat(SESSION_ID, hmacServer(crypto, psk, transcript, SESSION_ID))));
}

/** An established gateway that was sent `chunks`. */
export function gatewayAfter(...chunks: readonly Uint8Array[]): End {
  const gateway = establishedEnd("gateway");
  for (const chunk of chunks) gateway.receive(chunk);
  return gateway;
}

/** Expects that `end` closed with `code` (undefined: lives), and that no message came out of it. */
export function expectClosed(end: End, code: string | undefined, why?: string): void {
  expect(end.closed, why).to.equal(code);
  expect(end.messages, "messages").to.have.lengthOf(0);
}

/** The type bytes of whole frames. */
export function types(frames: readonly Uint8Array[]): (number | undefined)[] {
  return frames.map((frame) => frame[3]);
}

/** A handshake that always has the same keys: computed once, and then played to many ends. */
import type { CryptoProvider, KeyPair } from "../../lib/core/crypto-provider.js";
import { concat } from "../../lib/core/wire/bytes.js";
import { hmacClient, hmacServer, type Transcript } from "../../lib/core/handshake/key-derivation.js";
import { plainDatagram } from "../../lib/core/wire/datagram-frame.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { counted, filled } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { DEVICE_ID, PSK } from "../support/core-pair.js";
import { keyPairFrom } from "../support/key-pair-from.js";

export const SESSION_ID = counted(16, 0x60);
const NONCE = counted(32, 0x4e);
const DEVICE_PAIR = keyPairFrom(filled(32, 0x11));
const GATEWAY_PAIR = keyPairFrom(filled(32, 0x22));
const WRONG_PSK = filled(16, 0x99);
/** X25519 gives zero for these, whatever the private key. */
export const LOW_ORDER = [filled(32, 0), Uint8Array.of(1, ...filled(31, 0))] as const;

/** The scripted key pair, which several ends use: none may wipe it. */
function lent(pair: KeyPair): KeyPair {
  return { publicKey: pair.publicKey, sharedSecret: (peer) => pair.sharedSecret(peer), wipe: () => {} };
}

export const deviceCrypto: CryptoProvider = { ...crypto, generateKeyPair: () => lent(DEVICE_PAIR) };
export const gatewayCrypto: CryptoProvider = {
  ...crypto,
  generateKeyPair: () => lent(GATEWAY_PAIR),
  randomBytes: (length) => Uint8Array.from(length === SESSION_ID.length ? SESSION_ID : NONCE.subarray(0, length)),
};

export interface Frames {
  readonly hello: Uint8Array;
  readonly challenge: Uint8Array;
  readonly helloAck: Uint8Array;
  readonly sessionOk: Uint8Array;
}

/** What both say, where one of them may be somebody else. */
function frames({ psk = PSK, pubC = DEVICE_PAIR.publicKey, pubS = GATEWAY_PAIR.publicKey } = {}): Frames {
  const transcript: Transcript = { deviceId: DEVICE_ID, pubC, nonce: NONCE, pubS };
  const proof = hmacServer(crypto, psk, transcript, SESSION_ID);
  return {
    hello: plainDatagram(FrameType.HELLO, 0, concat(DEVICE_ID, pubC)),
    challenge: plainDatagram(FrameType.CHALLENGE, 0, concat(NONCE, pubS)),
    helloAck: plainDatagram(FrameType.HELLO_ACK, 2, hmacClient(crypto, psk, transcript)),
    sessionOk: plainDatagram(FrameType.SESSION_OK, 0, concat(SESSION_ID, proof)),
  };
}

export const REAL = frames();
/** Somebody who does not have the key. */
export const STRANGER = frames({ psk: WRONG_PSK, pubC: counted(32, 1), pubS: counted(32, 2) });
/** The real keys, proven with the wrong PSK. */
export const WRONG = frames({ psk: WRONG_PSK });
/** Somebody who has the key and a public key of low order, against each role. */
export const DEGENERATE = LOW_ORDER.map((low) => ({
  gateway: frames({ pubC: low }),
  device: frames({ pubS: low }),
}));
export const RETRY = plainDatagram(FrameType.HELLO_RETRY, 0, counted(16, 0xc0));
export const WITH_COOKIE = plainDatagram(FrameType.HELLO, 1, concat(REAL.hello.subarray(12), counted(16, 0xc0)));

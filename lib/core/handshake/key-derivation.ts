/** What both ends of the handshake compute (§3). Names are those of docs/protocol.md. */
import { concat } from "../wire/bytes.js";
import type { CryptoProvider, KeyPair } from "../crypto-provider.js";
import { inTurn } from "../guarded-crypto.js";
import { isLowOrder } from "./low-order.js";
import { secretBytes } from "../secret-bytes.js";
import { FrameType, KEY_LENGTH, MAGIC_BYTES, VERSION } from "../wire/wire.js";

const KEY_INFO = new TextEncoder().encode("usmp-v2");
const CLIENT_PREFIX = Uint8Array.of(...MAGIC_BYTES, VERSION, FrameType.HELLO_ACK); // public
const SERVER_PREFIX = Uint8Array.of(...MAGIC_BYTES, VERSION, FrameType.SESSION_OK); // public

/** The cleartext of the handshake that the HMACs cover. */
export interface Transcript {
  readonly deviceId: Uint8Array;
  readonly pubC: Uint8Array;
  readonly nonce: Uint8Array;
  readonly pubS: Uint8Array;
}

/** The keys of one session: 32 bytes each, one per direction. Their owner wipes them. */
export interface SessionKeys {
  readonly c2s: Uint8Array;
  readonly s2c: Uint8Array;
}

/** What both ends agree on when the handshake is done. */
export interface HandshakeResult {
  readonly deviceId: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly keys: SessionKeys;
}

export function hmacClient(
  crypto: CryptoProvider,
  psk: Uint8Array,
  { nonce, deviceId, pubC, pubS }: Transcript,
): Uint8Array {
  return crypto.hmacSha256(psk, CLIENT_PREFIX, nonce, deviceId, pubC, pubS);
}

export function hmacServer(
  crypto: CryptoProvider,
  psk: Uint8Array,
  { nonce, pubC, pubS }: Transcript,
  sessionId: Uint8Array,
): Uint8Array {
  return crypto.hmacSha256(psk, SERVER_PREFIX, nonce, sessionId, pubC, pubS);
}

/** Derives the session keys; null if the peer's key is of low order. Wipes the shared secret, even if it throws. */
export function deriveSessionKeys(
  crypto: CryptoProvider,
  pair: KeyPair,
  peerPublicKey: Uint8Array,
  { nonce, pubC, pubS }: Transcript,
): SessionKeys | null {
  // First: a provider may throw for such a key.
  if (isLowOrder(peerPublicKey)) return null;
  const shared = pair.sharedSecret(peerPublicKey);
  if (shared === null) return null;
  const [c2s, s2c] = deriveTwoKeys(crypto, shared, nonce, concat(KEY_INFO, pubC, pubS));
  return { c2s, s2c };
}

/** Derives two keys of 32 bytes, which the caller wipes. Wipes `secret`, even if it throws. */
export function deriveTwoKeys(
  crypto: CryptoProvider,
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
): [first: Uint8Array, second: Uint8Array] {
  let okm = secretBytes(0);
  const keys: [Uint8Array, Uint8Array] = [secretBytes(KEY_LENGTH), secretBytes(KEY_LENGTH)];
  return madeWith(keys, () => {
    try {
      okm = crypto.hkdfSha256(secret, salt, info, 2 * KEY_LENGTH);
      keys[0].set(okm.subarray(0, KEY_LENGTH));
      keys[1].set(okm.subarray(KEY_LENGTH));
    } finally {
      inTurn(
        () => crypto.wipe(secret),
        () => crypto.wipe(okm),
      );
    }
    return keys;
  });
}

/** Returns what `make` builds from the keys, which it takes over. Overwrites them if it throws. */
export function madeWith<Made>(keys: readonly Uint8Array[], make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    for (const key of keys) key.fill(0);
    throw error;
  }
}

/** Returns `result` after `wipe`, which wipes a handshake's other secrets. Overwrites the keys if `wipe` throws. */
export function concluded(result: HandshakeResult, wipe: () => void): HandshakeResult {
  return madeWith([result.keys.c2s, result.keys.s2c], () => {
    wipe();
    return result;
  });
}

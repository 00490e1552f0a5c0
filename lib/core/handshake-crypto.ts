/** What both ends of the handshake compute (§3). The names are the wire document's. */
import { concat } from "./bytes.js";
import type { CryptoProvider, KeyPair } from "./crypto-provider.js";
import { copySecret } from "./secret-bytes.js";
import { FrameType, KEY_LENGTH, MAGIC_BYTES, VERSION } from "./wire.js";

const KEY_INFO = new TextEncoder().encode("usmp-v2");
const CLIENT_PREFIX = Uint8Array.of(...MAGIC_BYTES, VERSION, FrameType.HELLO_ACK); // public
const SERVER_PREFIX = Uint8Array.of(...MAGIC_BYTES, VERSION, FrameType.SESSION_OK); // public

/** What was said in clear, as far as both HMACs cover it. */
export interface Transcript {
  readonly deviceId: Uint8Array;
  readonly pubC: Uint8Array;
  readonly nonce: Uint8Array;
  readonly pubS: Uint8Array;
}

/** The keys of one session: 32 bytes each, one per direction. Whoever holds them wipes them. */
export interface SessionKeys {
  readonly c2s: Uint8Array;
  readonly s2c: Uint8Array;
}

/** What a finished handshake agreed on. */
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

/** The session keys, or null where the peer's public key is of low order. The shared secret is wiped. */
export function deriveSessionKeys(
  crypto: CryptoProvider,
  pair: KeyPair,
  peerPublicKey: Uint8Array,
  { nonce, pubC, pubS }: Transcript,
): SessionKeys | null {
  const shared = pair.sharedSecret(peerPublicKey);
  if (shared === null) return null;
  const okm = crypto.hkdfSha256(shared, nonce, concat(KEY_INFO, pubC, pubS), 2 * KEY_LENGTH);
  crypto.wipe(shared);
  const keys = { c2s: copySecret(okm, 0, KEY_LENGTH), s2c: copySecret(okm, KEY_LENGTH) };
  crypto.wipe(okm);
  return keys;
}

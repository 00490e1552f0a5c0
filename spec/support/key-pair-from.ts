import { createPrivateKey, createPublicKey } from "node:crypto";
import type { KeyPair } from "../../lib/core/crypto-provider.js";
import { NodeKeyPair } from "../../lib/crypto/node-x25519.js";

/** The DER bytes before a raw private key: PrivateKeyInfo, version 0, algorithm id-X25519 (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

/** The library's key pair for a given 32-byte private key (copied): vectors fix the randomness. */
export function keyPairFrom(privateKey: Uint8Array): KeyPair {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, privateKey]), format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return new NodeKeyPair(key, new Uint8Array(spki.subarray(-32)));
}

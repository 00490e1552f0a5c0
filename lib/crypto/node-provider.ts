import { randomBytes, timingSafeEqual } from "node:crypto";
import { plainView } from "../core/wire/bytes.js";
import type { CryptoProvider } from "../core/crypto-provider.js";
import { NodeAead } from "./node-aead.js";
import { nodeHkdfSha256, nodeHmacSha256 } from "./node-hash.js";
import { generateNodeKeyPair } from "./node-x25519.js";

/**
 * Everything by node:crypto alone. The default provider uses it for all that libsodium lacks or does more slowly. By
 * itself it needs no loading, and specs compare libsodium's ChaCha20-Poly1305 with it.
 */
export const nodeProvider: CryptoProvider = {
  name: "node",
  generateKeyPair: generateNodeKeyPair,
  hmacSha256: nodeHmacSha256,
  hkdfSha256: nodeHkdfSha256,
  aead: (cipher, key) => new NodeAead(cipher, key),
  randomBytes: (length) => plainView(randomBytes(length)),
  constantTimeEqual: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  wipe: (bytes) => void bytes.fill(0),
};

/** HMAC and HKDF with SHA-256 by node:crypto. */
import { createHmac, hkdfSync } from "node:crypto";
import { plainBytes } from "./plain-bytes.js";

export function nodeHmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return plainBytes(hmac.digest());
}

export function nodeHkdfSha256(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", ikm, salt, info, length));
}

/** HMAC and HKDF with SHA-256 by node:crypto. */
import { createHmac } from "node:crypto";
import { plainView } from "../core/wire/bytes.js";
import { secretBytes } from "../core/secret-bytes.js";
import { UsmpError } from "../errors.js";

const HASH_LENGTH = 32;
/** RFC 5869: a block's number is one byte. */
const MAX_BLOCKS = 255;

export function nodeHmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return plainView(hmac.digest());
}

/**
 * RFC 5869, step by step. Not `hkdfSync`: that copies the secret into a key object, which stays in memory until it is
 * collected. HMAC leaves no copy.
 */
export function nodeHkdfSha256(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > MAX_BLOCKS * HASH_LENGTH)
    throw new UsmpError("INVALID_ARG", `HKDF gives at most ${MAX_BLOCKS * HASH_LENGTH} bytes, not ${length}`);
  const okm = secretBytes(length);
  const prk = nodeHmacSha256(salt, ikm);
  let block = secretBytes(0);
  for (let index = 0; index * HASH_LENGTH < length; index++) {
    const number = Uint8Array.of(index + 1); // public
    const next = nodeHmacSha256(prk, block, info, number);
    okm.set(next.subarray(0, length - index * HASH_LENGTH), index * HASH_LENGTH);
    block.fill(0);
    block = next;
  }
  block.fill(0);
  prk.fill(0);
  return okm;
}

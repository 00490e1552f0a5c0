import { randomBytes, randomFillSync } from "node:crypto";
import { plainBytes } from "./plain-bytes.js";

/** Asking the system's generator takes as long for one byte as for some hundred. */
const POOL_LENGTH = 512;
/** What is longer is asked for by itself, and what is no length at all, which throws then and must not disturb the pool. */
const LONGEST_PIECE = 64;

const pool = new Uint8Array(POOL_LENGTH);
let used = POOL_LENGTH;

/** `length` random bytes in a fresh array. Nothing of them stays here, and none is given out twice. */
export function pooledRandomBytes(length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > LONGEST_PIECE) return plainBytes(randomBytes(length));
  if (used + length > POOL_LENGTH) {
    randomFillSync(pool);
    used = 0;
  }
  const end = used + length;
  const piece = pool.slice(used, end);
  pool.fill(0, used, end);
  used = end;
  return piece;
}

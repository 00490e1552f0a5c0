/**
 * Memory for secrets, which are gone once they are overwritten.
 *
 * A typed array of up to 64 bytes that is made by its length is inside the JavaScript heap. The garbage collector moves
 * it, and the first native call that gets it moves its bytes out. Both leave the old bytes behind, where `fill(0)` does
 * not reach. Arrays from `slice`, `map` and `Uint8Array.from` are the same. An array on an ArrayBuffer of its own does
 * not move.
 */

/** Returns `length` zeros, to fill with a secret. */
export function secretBytes(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(length));
}

/** Copies `bytes[start..end)`. The caller wipes the copy. */
export function copySecret(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  const copy = secretBytes(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

/** Joins the parts. The caller wipes the result. */
export function joinSecrets(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = secretBytes(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

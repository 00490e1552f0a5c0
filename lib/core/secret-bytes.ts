/**
 * Memory for secrets: what is kept here is gone once it was overwritten.
 *
 * A typed array that is made by its length, up to 64 bytes, lies within the JavaScript heap. The collector moves it, and the first
 * native call that gets it moves its bytes out; both leave the old ones behind, where `fill(0)` does not reach. So do `slice`, `map` and
 * `Uint8Array.from`. An array on an ArrayBuffer of its own stays where it is.
 */

/** `length` zeros, to be filled with a secret. */
export function secretBytes(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(length));
}

/** A copy of `bytes[start..end)`, the caller's to wipe. */
export function copySecret(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  const copy = secretBytes(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

/** The parts one behind the other, the caller's to wipe. */
export function joinSecrets(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = secretBytes(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

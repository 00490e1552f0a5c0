/**
 * A Buffer's bytes as a plain Uint8Array, without a copy. What a provider gives is cut up with `slice()` by users, and
 * wiped: on a Uint8Array that leaves the pieces alone, on a Buffer, whose `slice()` is a view, it would wipe them too.
 */
export function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

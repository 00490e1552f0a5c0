/**
 * A Buffer's bytes as a plain Uint8Array, without a copy. Secrets are cut up with `slice()` and their source is wiped: on a
 * Uint8Array that leaves the pieces alone, on a Buffer, whose `slice()` is a view, it would wipe them too.
 */
export function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

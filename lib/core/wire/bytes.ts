/** Byte strings, as the handshake and the sessions use them. */

/** Joins the parts into a fresh array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** A fresh copy of `bytes[start..end)`. A Buffer's own `slice` would be a view on borrowed memory. */
export function copyOf(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

/**
 * A view on the same bytes as a plain Uint8Array of this realm. Use it for bytes that are wiped later: a Buffer's
 * `slice()` is a view, and would be wiped with them.
 */
export function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Two lower-case hex digits per byte, with `separator` between bytes. */
export function hexOf(bytes: Uint8Array, separator = ""): string {
  let text = "";
  for (const [index, byte] of bytes.entries()) text += index === 0 ? HEX[byte]! : separator + HEX[byte]!;
  return text;
}

/** Writes an unsigned 32-bit number, little-endian. */
export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value & 0xff;
  bytes[offset + 1] = (value >>> 8) & 0xff;
  bytes[offset + 2] = (value >>> 16) & 0xff;
  bytes[offset + 3] = value >>> 24;
}

/** Reads an unsigned 32-bit number, little-endian. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  const low = (bytes[offset] as number) | ((bytes[offset + 1] as number) << 8) | ((bytes[offset + 2] as number) << 16);
  // Not `<< 24`: that would make numbers from 2^31 on negative.
  return low + (bytes[offset + 3] as number) * 0x100_0000;
}

/** Whether two byte strings are equal. Not for secrets: the time it takes shows where they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

/** Bytes in specs of the core. */
export const NOTHING = new Uint8Array(0);

/** The bytes of a hex string; spaces are for the reader. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.replace(/ /g, "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** `length` bytes, all of one value: keys and ids that one tells apart at a glance. */
export function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** `length` bytes that count up from `first`. */
export function counted(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index) & 0xff);
}

/** A copy of `bytes` with one bit of byte `index` flipped; a negative index counts from the end. */
export function flipped(bytes: Uint8Array, index: number, mask = 0x01): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = index < 0 ? copy.length + index : index;
  copy[at] = copy[at]! ^ mask;
  return copy;
}

/** Text as message bytes. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

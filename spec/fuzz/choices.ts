/** The fuzzer's bytes, read as choices. Where they end, every choice is 0: each input is a whole program. */
export class Choices {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** 0 up to, but not including, `limit`, at most 256. */
  below(limit: number): number {
    return this.byte() % limit;
  }

  uint16(): number {
    return this.byte() | (this.byte() << 8);
  }

  uint32(): number {
    return this.uint16() + this.uint16() * 0x1_0000;
  }

  of<Item>(items: readonly Item[]): Item {
    // Never empty, so there is one.
    return items[this.below(items.length)] as Item;
  }

  /** The next `length` bytes, fewer where the input ends. */
  bytes(length: number): Uint8Array {
    const taken = Uint8Array.from(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return taken;
  }

  rest(): Uint8Array {
    return this.bytes(Math.max(0, this.#bytes.length - this.#at));
  }
}

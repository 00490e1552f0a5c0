/**
 * A table that never grows beyond `most` entries: setting one more lets the one go that was set longest ago, in constant time.
 * A limiter that anybody can fill must not be what fills the memory.
 */
export class BoundedTable<Value> {
  readonly #most: number;
  /** A Map keeps the order of insertion: the first is the oldest. */
  readonly #entries = new Map<string, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** Sets an entry; it is the newest from now on. */
  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#most) this.#entries.delete(this.#entries.keys().next().value as string);
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }
}

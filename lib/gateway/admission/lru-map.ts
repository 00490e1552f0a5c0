interface Entry<Value> {
  readonly key: string;
  value: Value;
  older: Entry<Value> | null;
  newer: Entry<Value> | null;
}

/**
 * A table of at most `most` entries: setting one more evicts the entry that was set longest ago, in constant time. A
 * limiter that any peer can fill must neither exhaust the memory nor slow down.
 *
 * The entries are linked in the order in which they were set. A Map keeps such an order, too, but an entry that is
 * deleted to be set anew slows down look-ups until the Map compacts itself: in a full table that took 80 us each time.
 */
export class LruMap<Value> {
  readonly #most: number;
  readonly #entries = new Map<string, Entry<Value>>();
  #oldest: Entry<Value> | null = null;
  #newest: Entry<Value> | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Sets an entry, which becomes the newest. */
  set(key: string, value: Value): void {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      if (known === this.#newest) return;
      this.#unlink(known);
      this.#append(known);
      return;
    }
    const entry: Entry<Value> = { key, value, older: null, newer: null };
    this.#entries.set(key, entry);
    this.#append(entry);
    if (this.#entries.size > this.#most && this.#oldest !== null) this.delete(this.#oldest.key);
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#unlink(entry);
    return this.#entries.delete(key);
  }

  #append(entry: Entry<Value>): void {
    entry.older = this.#newest;
    entry.newer = null;
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unlink({ older, newer }: Entry<Value>): void {
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
  }
}

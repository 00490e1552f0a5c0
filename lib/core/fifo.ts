/** Below this many the rest is not worth moving. */
const FEW = 1_024;

/** First in, first out, at the same price however many wait: a long array's own `shift` moves all that are left. */
export class Fifo<Item> {
  #items: Item[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The one that is next, or undefined. */
  get first(): Item | undefined {
    return this.#items[this.#head];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes the first, or undefined. */
  shift(): Item | undefined {
    const item = this.first;
    if (item === undefined) return undefined;
    this.#head++;
    if (this.#head >= FEW && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes all, in order. */
  takeAll(): Item[] {
    const all = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return all;
  }
}

/** Taken items are dropped from the array once there are this many. */
const FEW = 1_024;

/** A first-in, first-out queue. An array's `shift` moves all items that remain; this moves none. */
export class Fifo<Item> {
  #items: Item[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The next item, or undefined. */
  get first(): Item | undefined {
    return this.#items[this.#head];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes the next item, or undefined. */
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

  /** Takes `item` out, wherever it is; returns whether it was there. */
  remove(item: Item): boolean {
    const index = this.#items.indexOf(item, this.#head);
    if (index >= 0) this.#items.splice(index, 1);
    return index >= 0;
  }

  /** Takes all items, in order. */
  takeAll(): Item[] {
    const all = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return all;
  }
}

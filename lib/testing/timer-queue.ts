/** A pending call: its time, and its place among calls that are due at the same time. */
export interface Due {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
  /** Whether it is still to run: a removed call stays in the heap until it comes up. */
  pending: boolean;
}

/** Pending calls by time, in a binary heap: thousands of simulated devices have tens of thousands of them. */
export class TimerQueue {
  readonly #heap: Due[] = [];
  #order = 0;
  #size = 0;

  /** How many calls are pending. */
  get size(): number {
    return this.#size;
  }

  add(at: number, callback: () => void): Due {
    const due: Due = { at, order: this.#order++, callback, pending: true };
    this.#heap.push(due);
    this.#size++;
    this.#rise(this.#heap.length - 1);
    return due;
  }

  /** Removes a call; does nothing if it was removed or taken before. */
  remove(due: Due): void {
    if (!due.pending) return;
    due.pending = false;
    this.#size--;
  }

  /** Takes the first call that is due at `until` or before, or null. */
  take(until: number): Due | null {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.pending && first.at > until) return null;
      this.#pop();
      if (!first.pending) continue;
      this.remove(first);
      return first;
    }
    return null;
  }

  #pop(): void {
    const last = this.#heap.pop() as Due;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let first = index;
      if (left < this.#heap.length && this.#before(left, first)) first = left;
      if (right < this.#heap.length && this.#before(right, first)) first = right;
      if (first === index) return;
      this.#swap(index, first);
      index = first;
    }
  }

  #before(a: number, b: number): boolean {
    const one = this.#heap[a] as Due;
    const other = this.#heap[b] as Due;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const one = this.#heap[a] as Due;
    this.#heap[a] = this.#heap[b] as Due;
    this.#heap[b] = one;
  }
}

interface Waiting<Item> {
  readonly resolve: (item: Item) => void;
  readonly reject: (error: Error) => void;
}

/** Things that happened, in order, for somebody who waits for the next one; no wait is without a limit. */
export class Mailbox<Item> {
  readonly #what: string;
  readonly #items: Item[] = [];
  #waiting: Waiting<Item>[] = [];
  #failure: (() => Error) | null = null;

  /** `what` names the items in errors. */
  constructor(what: string) {
    this.#what = what;
  }

  put(item: Item): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting.resolve(item);
  }

  /** No more will come. What is there can still be taken. */
  fail(failure: () => Error): void {
    this.#failure = failure;
    for (const { reject } of this.#waiting.splice(0)) reject(failure());
  }

  /** The next item; rejects when none comes within `limitMs`. */
  next(limitMs = 10_000): Promise<Item> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift() as Item);
    if (this.#failure !== null) return Promise.reject(this.#failure());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        reject(new Error(`no ${this.#what} within ${limitMs} ms`));
      }, limitMs);
      const entry: Waiting<Item> = {
        resolve: (item) => (clearTimeout(timer), resolve(item)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      };
      this.#waiting.push(entry);
    });
  }
}

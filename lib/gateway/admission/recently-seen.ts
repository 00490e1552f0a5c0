import { LruMap } from "./lru-map.js";

/** The addresses or devices that proved a key within the last `rememberMs`. Only a peer that has a key gets in here. */
export class RecentlySeen {
  readonly #seenAt: LruMap<number>;
  readonly #rememberMs: number;

  constructor(rememberMs: number, mostEntries: number) {
    this.#rememberMs = rememberMs;
    this.#seenAt = new LruMap(mostEntries);
  }

  note(who: string, now: number): void {
    this.#seenAt.set(who, now);
  }

  has(who: string, now: number): boolean {
    const seenAt = this.#seenAt.get(who);
    return seenAt !== undefined && now < seenAt + this.#rememberMs;
  }
}

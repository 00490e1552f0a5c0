/** Counts open connections, in all and per address, and says whether one more is allowed. */
export class Admission {
  readonly #most: number;
  readonly #mostPerAddress: number;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(most: number, mostPerAddress: number) {
    this.#most = most;
    this.#mostPerAddress = mostPerAddress;
  }

  /** Takes a place; false where there is none. */
  enter(address: string): boolean {
    const held = this.#byAddress.get(address) ?? 0;
    if (this.#total >= this.#most || held >= this.#mostPerAddress) return false;
    this.#total++;
    this.#byAddress.set(address, held + 1);
    return true;
  }

  /** Gives a place back; once for each `enter` that gave one. */
  leave(address: string): void {
    this.#total--;
    const held = (this.#byAddress.get(address) ?? 0) - 1;
    if (held > 0) this.#byAddress.set(address, held);
    else this.#byAddress.delete(address);
  }
}

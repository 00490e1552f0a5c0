/**
 * Counts sessions, in total and per address. All of them have proved a key, so no share is reserved for known
 * addresses.
 */
export class SessionQuota {
  readonly #most: number;
  readonly #mostPerAddress: number;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(most: number, mostPerAddress: number) {
    this.#most = most;
    this.#mostPerAddress = mostPerAddress;
  }

  /** Whether there is room for one more from this address. */
  hasRoom(address: string): boolean {
    return this.#total < this.#most && this.#heldBy(address) < this.#mostPerAddress;
  }

  /** Takes a place; call it only after `hasRoom` returned true. */
  enter(address: string): void {
    this.#total++;
    this.#byAddress.set(address, this.#heldBy(address) + 1);
  }

  /** Gives a place back; once for each `enter`. */
  release(address: string): void {
    this.#total--;
    const held = this.#heldBy(address) - 1;
    if (held > 0) this.#byAddress.set(address, held);
    else this.#byAddress.delete(address);
  }

  #heldBy(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }
}

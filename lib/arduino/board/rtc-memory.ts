/** The memory that a deep sleep leaves alone, by name. A restart, and a lost supply, clear it. */
export class RtcMemory {
  readonly #kept = new Map<string, object>();

  /** The object of this name; the first time since it was cleared a copy of `initial`. Plain data only. */
  get<T extends object>(name: string, initial: T): T {
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept as T;
    const fresh = structuredClone(initial);
    this.#kept.set(name, fresh);
    return fresh;
  }

  clear(): void {
    this.#kept.clear();
  }

  /** Cuts what is kept from the objects that the life which ends holds. */
  sleep(): void {
    for (const [name, value] of this.#kept) this.#kept.set(name, structuredClone(value));
  }
}

/** The memory that survives a deep sleep, by name. A restart or a loss of power clears it. */
export class RtcMemory {
  readonly #kept = new Map<string, object>();

  /** The object of this name; after it was cleared, a copy of `initial`. Plain data only. */
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

  /** Copies all objects, so that the life that ends can no longer change them. */
  sleep(): void {
    for (const [name, value] of this.#kept) this.#kept.set(name, structuredClone(value));
  }
}

/** A board's flash: bytes by name, which survive everything. `EEPROM` and `Preferences` are kept in it. */
export interface BoardStorage {
  /** A copy of what is kept under `name`, or null. */
  read(name: string): Uint8Array | null;
  /** Keeps a copy of `bytes`, whole or not at all. */
  write(name: string, bytes: Uint8Array): void;
  /** Forgets what is kept under `name`, if anything is. */
  remove(name: string): void;
  /** Where that is, for messages. */
  place(name: string): string;
}

/** Kept as long as the object: for tests. */
export class MemoryStorage implements BoardStorage {
  readonly #kept = new Map<string, Uint8Array>();

  read(name: string): Uint8Array | null {
    return this.#kept.get(name)?.slice() ?? null;
  }

  write(name: string, bytes: Uint8Array): void {
    this.#kept.set(name, bytes.slice());
  }

  remove(name: string): void {
    this.#kept.delete(name);
  }

  place(name: string): string {
    return `"${name}" in the board's flash`;
  }
}

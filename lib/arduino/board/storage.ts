/** A board's flash: bytes by name, which survive everything. It holds `EEPROM` and `Preferences`. */
export interface BoardStorage {
  /** A copy of the bytes under `name`, or null. */
  read(name: string): Uint8Array | null;
  /** Stores a copy of `bytes`, completely or not at all. */
  write(name: string, bytes: Uint8Array): void;
  /** Removes the bytes under `name`, if any. */
  remove(name: string): void;
  /** Where `name` is stored, for messages. */
  place(name: string): string;
}

/** Storage that lives as long as the object, for tests. */
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

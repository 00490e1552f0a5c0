import { isBytes } from "../../core/kinds.js";
import { textOf, byteString, bytesOf, byteStringOf } from "../text/byte-text.js";
import type { BoardStorage } from "../board/storage.js";

/** A value with the type that it was written with. Text is a TypeScript string (byte-text.ts). */
export type NvsEntry =
  | { readonly type: NvsInteger; readonly value: bigint }
  | { readonly type: "str"; readonly value: string }
  | { readonly type: "blob"; readonly value: Uint8Array };

const INTEGERS = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"] as const;
export type NvsInteger = (typeof INTEGERS)[number];

/** The size of an entry in flash. One entry starts a value, more hold its bytes, and a blob has an index entry, too. */
const ENTRY_BYTES = 32;

/** The keys and values of one namespace in flash. Every change is in flash when the call returns. */
export class NvsNamespace {
  readonly #storage: BoardStorage;
  readonly #name: string;
  readonly #entries: Map<string, NvsEntry>;
  #exists: boolean;

  /** @throws Error if this class did not write what is stored under this name. */
  constructor(storage: BoardStorage, name: string) {
    this.#storage = storage;
    this.#name = `preferences-${name}`;
    const kept = storage.read(this.#name);
    this.#exists = kept !== null;
    this.#entries = kept === null ? new Map<string, NvsEntry>() : parse(storage.place(this.#name), kept);
  }

  /** Whether it was ever opened for writing. */
  get exists(): boolean {
    return this.#exists;
  }

  /** How many entries of the flash are in use. */
  get used(): number {
    let used = 0;
    for (const entry of this.#entries.values()) used += entriesFor(entry);
    return used;
  }

  get(key: string): NvsEntry | undefined {
    return this.#entries.get(key);
  }

  /** Replaces any earlier value of this key. */
  set(key: string, entry: NvsEntry): void {
    this.#entries.set(key, entry);
    this.#write();
  }

  /** False if there was none. */
  delete(key: string): boolean {
    if (!this.#entries.delete(key)) return false;
    this.#write();
    return true;
  }

  clear(): void {
    this.#entries.clear();
    this.#write();
  }

  /** Creates the namespace. */
  create(): void {
    if (!this.#exists) this.#write();
  }

  /** Writes JSON with one key a line, so that a developer can read it: `"boots": ["u32","17"]`. */
  #write(): void {
    this.#exists = true;
    const lines = [...this.#entries].map(([key, { type, value }]) => {
      const text = isBytes(value) ? Buffer.from(value).toString("hex") : value.toString();
      return `  ${JSON.stringify(key)}: ${JSON.stringify([type, text])}`;
    });
    this.#storage.write(this.#name, bytesOf(byteString(`{\n${lines.join(",\n")}\n}\n`)));
  }
}

function entriesFor(entry: NvsEntry): number {
  if (entry.type === "str") return 1 + Math.ceil((byteString(entry.value).length + 1) / ENTRY_BYTES);
  return entry.type === "blob" ? 2 + Math.ceil(entry.value.length / ENTRY_BYTES) : 1;
}

function parse(place: string, bytes: Uint8Array): Map<string, NvsEntry> {
  try {
    const kept = JSON.parse(textOf(byteStringOf(bytes))) as Record<string, [unknown, unknown]>;
    return new Map(Object.entries(kept).map(([key, [type, text]]) => [key, parseEntry(type, text)]));
  } catch (cause) {
    throw new Error(`${place} holds something that no Preferences wrote: remove it`, { cause });
  }
}

function parseEntry(type: unknown, text: unknown): NvsEntry {
  if (typeof text !== "string") throw new TypeError("a value is no text");
  if (type === "str") return { type, value: text };
  if (type === "blob") return { type, value: Uint8Array.from(Buffer.from(text, "hex")) };
  const integer = INTEGERS.find((known) => known === type);
  if (integer === undefined) throw new TypeError("a type is unknown");
  return { type: integer, value: BigInt(text) };
}

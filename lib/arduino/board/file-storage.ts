import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { BoardStorage } from "./storage.js";

/** One file for each name, in a folder that is created with the first file. */
export class FileStorage implements BoardStorage {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  read(name: string): Uint8Array | null {
    try {
      return new Uint8Array(readFileSync(this.#path(name)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  write(name: string, bytes: Uint8Array): void {
    mkdirSync(this.#folder, { recursive: true });
    const path = this.#path(name);
    // Written to a second file and renamed, so that a sketch that is killed meanwhile leaves the old content complete.
    const unfinished = `${path}.${process.pid}.new`;
    writeFileSync(unfinished, bytes, { mode: 0o600, flush: true });
    renameSync(unfinished, path);
  }

  remove(name: string): void {
    rmSync(this.#path(name), { force: true });
  }

  place(name: string): string {
    return this.#path(name);
  }

  /** Any name is allowed, and no name leads out of the folder. */
  #path(name: string): string {
    return join(this.#folder, `${encodeURIComponent(name)}.bin`);
  }
}

import { secretBytes } from "../../core/secret-bytes.js";
import { UsmpError } from "../../errors.js";
import { encodingTrouble } from "./key-text.js";
import { MAX_KEY_FILE_BYTES, tooLarge } from "./key-file-parser.js";

/** What the system reports about a file: the part of Node's `BigIntStats` used here. */
export interface FileFacts {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly mode: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  isFile(): boolean;
}

/** An open file. Its facts come from the handle, so that another file cannot have taken its path meanwhile. */
export interface OpenFile {
  facts(): Promise<FileFacts>;
  /** Reads the bytes from `position` on, at most as many as `into` (borrowed) holds; 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
}

export interface Content {
  readonly text: string;
  readonly facts: FileFacts;
}

/** No file system in use has a coarser clock than this (FAT: 2 s). */
const COARSEST_STAMP_MS = 2_000;

/**
 * Which file it is, and in which state. Includes the change time, which `chmod` changes, and which a program that
 * resets the modification time cannot reset.
 */
export function fingerprint({ dev, ino, size, mtimeNs, ctimeNs }: FileFacts): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

/**
 * Whether the file may change once more without a new stamp. A stamp far in the future, from another machine's clock,
 * does not count.
 */
export function isFresh({ mtimeNs, ctimeNs }: FileFacts, nowMs = Date.now()): boolean {
  return [mtimeNs, ctimeNs].some((stamp) => Math.abs(nowMs - Number(stamp / 1_000_000n)) < COARSEST_STAMP_MS);
}

/**
 * The whole text of a key file, or null if it changed during the reading.
 * @param hasModes whether the system knows POSIX modes
 * @throws UsmpError INVALID_ARG if the mode is too open, or if the file is not a regular one, is too large, or is not
 * UTF-8.
 */
export async function readContent(file: OpenFile, path: string, hasModes: boolean): Promise<Content | null> {
  const facts = await file.facts();
  if (!facts.isFile()) throw new UsmpError("INVALID_ARG", "it is not a regular file");
  if (hasModes) checkMode(Number(facts.mode), path);
  if (facts.size > MAX_KEY_FILE_BYTES) throw tooLarge();
  // One byte more than expected: if that byte gets filled, the file has grown.
  const bytes = secretBytes(Number(facts.size) + 1);
  try {
    const length = await readAll((into, position) => file.read(into, position), bytes);
    if (fingerprint(await file.facts()) !== fingerprint(facts) || length !== Number(facts.size)) return null;
    return { text: decode(bytes.subarray(0, length)), facts };
  } finally {
    bytes.fill(0);
  }
}

/** Whether other members of the file's group can read it: right for some servers, a mistake on others. */
export function isGroupReadable({ mode }: FileFacts): boolean {
  return (mode & 0o040n) !== 0n;
}

/** @throws UsmpError INVALID_ARG */
function checkMode(mode: number, path: string): void {
  const trouble = troubleWith(mode);
  if (trouble === null) return;
  const shown = (mode & 0o777).toString(8).padStart(3, "0");
  throw new UsmpError("INVALID_ARG", `its mode is ${shown}, so that ${trouble}: chmod 600 ${JSON.stringify(path)}`);
}

function troubleWith(mode: number): string | null {
  if ((mode & 0o002) !== 0) return "every user of this machine can change its keys";
  if ((mode & 0o004) !== 0) return "every user of this machine can read its keys";
  if ((mode & 0o020) !== 0) return "every member of its group can change its keys";
  return null;
}

/** Reads until `into` (borrowed) is full or the file ends. Resolves with the number of bytes. */
export async function readAll(read: OpenFile["read"], into: Uint8Array): Promise<number> {
  let length = 0;
  while (length < into.length) {
    const count = await read(into.subarray(length), length);
    if (count === 0) break;
    length += count;
  }
  return length;
}

/** Decodes UTF-8, without a byte order mark. */
function decode(bytes: Uint8Array): string {
  const trouble = encodingTrouble(bytes);
  if (trouble !== null) throw new UsmpError("INVALID_ARG", trouble);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsmpError("INVALID_ARG", "it is not UTF-8 text");
  }
}

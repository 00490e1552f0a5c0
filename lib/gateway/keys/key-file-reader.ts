import { secretBytes } from "../../core/secret-bytes.js";
import { UsmpError } from "../../errors.js";
import { encodingTrouble } from "./key-text.js";
import { MAX_KEY_FILE_BYTES, tooLarge } from "./key-file-parser.js";

/** What the system says of a file: the part of Node's `BigIntStats` that is used here. */
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

/** An open file: its facts come from the handle, so that no other file can have taken the name's place meanwhile. */
export interface OpenFile {
  facts(): Promise<FileFacts>;
  /** As many bytes as there are from `position` on, at most what `into` holds; 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
}

export interface Content {
  readonly text: string;
  readonly facts: FileFacts;
}

/** Coarser clocks than this stamp no file system in use (FAT: 2 s). */
const COARSEST_STAMP_MS = 2_000;

/** Which file it is, and in which state. The change time is in it for `chmod`, and for who sets the other one back. */
export function fingerprint({ dev, ino, size, mtimeNs, ctimeNs }: FileFacts): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

/** Whether the file may change once more without a new stamp. A stamp from the future, of another machine, says nothing. */
export function isFresh({ mtimeNs, ctimeNs }: FileFacts, nowMs = Date.now()): boolean {
  return [mtimeNs, ctimeNs].some((stamp) => Math.abs(nowMs - Number(stamp / 1_000_000n)) < COARSEST_STAMP_MS);
}

/**
 * The whole text of a key file, or null where it changed while it was read.
 * @param hasModes whether the system knows POSIX modes
 * @throws UsmpError INVALID_ARG for a mode that is too open, a file that is none, is too large, or holds no UTF-8.
 */
export async function readContent(file: OpenFile, path: string, hasModes: boolean): Promise<Content | null> {
  const facts = await file.facts();
  if (!facts.isFile()) throw new UsmpError("INVALID_ARG", "it is not a regular file");
  if (hasModes) checkMode(Number(facts.mode), path);
  if (facts.size > MAX_KEY_FILE_BYTES) throw tooLarge();
  // One byte more than there should be: it stays free, or the file has grown.
  const bytes = secretBytes(Number(facts.size) + 1);
  try {
    const length = await readAll((into, position) => file.read(into, position), bytes);
    if (fingerprint(await file.facts()) !== fingerprint(facts) || length !== Number(facts.size)) return null;
    return { text: decode(bytes.subarray(0, length)), facts };
  } finally {
    bytes.fill(0);
  }
}

/** Whether other members of the file's group can read it: a server's choice, but not everybody's. */
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

/** Reads until `into` is full or the file ends. Resolves with the number of bytes. */
export async function readAll(read: OpenFile["read"], into: Uint8Array): Promise<number> {
  let length = 0;
  while (length < into.length) {
    const count = await read(into.subarray(length), length);
    if (count === 0) break;
    length += count;
  }
  return length;
}

/** Without a byte order mark. */
function decode(bytes: Uint8Array): string {
  const trouble = encodingTrouble(bytes);
  if (trouble !== null) throw new UsmpError("INVALID_ARG", trouble);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsmpError("INVALID_ARG", "it is not UTF-8 text");
  }
}

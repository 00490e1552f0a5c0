import { closeSync, fstatSync, openSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { isatty, ReadStream } from "node:tty";
import { CAUTIOUS_READ, kindOf } from "../gateway/keys/file-kind.js";
import { readAll } from "../gateway/keys/key-file-reader.js";
import type { Context } from "./context.js";

interface BoundedRead {
  readonly bytes: Uint8Array;
  /** The mode of a regular file; null for a pipe, which other users cannot open. */
  readonly mode: number | null;
}

const LF = 0x0a;

/** Other names of standard input. Opening one makes a second stream, which fails if standard input is a socket. */
const STDIN: readonly string[] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/**
 * Reads a file, a pipe (`<(...)`) or standard input to its end, or one line of a terminal. While it waits for a pipe or
 * a terminal it uses no thread of Node's pool, so the process can end meanwhile.
 * @throws Error with the system's code, or one that says that the file is too large or not of a kind that holds a key.
 */
export async function readBounded(path: string, maxBytes: number, context: Context): Promise<BoundedRead> {
  if (STDIN.includes(path) && process.platform !== "win32") {
    const { stdin } = context;
    const isTerminal = "isTTY" in stdin && stdin.isTTY === true;
    return { bytes: await readStream(stdin, maxBytes, isTerminal, context), mode: null };
  }
  const found = await stat(path);
  if (found.isFile()) return readFile(path, maxBytes);
  if (!found.isFIFO() && !found.isCharacterDevice()) throw unfit(found);
  const { stream, isTerminal } = openStream(path);
  try {
    return { bytes: await readStream(stream, maxBytes, isTerminal, context), mode: null };
  } finally {
    stream.destroy();
  }
}

async function readFile(path: string, maxBytes: number): Promise<BoundedRead> {
  const handle = await open(path, CAUTIOUS_READ);
  try {
    const found = await handle.stat();
    // Another file may have replaced it since `stat`.
    if (!found.isFile()) throw unfit(found);
    // A file can be larger than its size says: files in /proc have size 0.
    const buffer = new Uint8Array(maxBytes + 1);
    const length =
      found.size > maxBytes
        ? found.size
        : await readAll(
            async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
            buffer,
          );
    if (length > maxBytes) throw tooLarge(maxBytes);
    return { bytes: buffer.subarray(0, length), mode: found.mode };
  } finally {
    await handle.close();
  }
}

/** Opens a pipe or a terminal as a stream that the event loop waits for. */
function openStream(path: string): { readonly stream: Readable; readonly isTerminal: boolean } {
  const fd = openSync(path, CAUTIOUS_READ);
  if (isatty(fd)) return { stream: new ReadStream(fd), isTerminal: true };
  const found = fstatSync(fd);
  if (found.isFIFO()) return { stream: new Socket({ fd, readable: true, writable: false }), isTerminal: false };
  closeSync(fd);
  throw unfit(found);
}

/** Reads to the end of the stream, or one line of a terminal. Bytes after that line stay in the stream. */
async function readStream(
  stream: Readable,
  maxBytes: number,
  isTerminal: boolean,
  context: Context,
): Promise<Uint8Array> {
  if (isTerminal) context.tell("type the key and press Enter");
  const buffer = new Uint8Array(maxBytes + 1);
  let length = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const lineEnd = isTerminal ? chunk.indexOf(LF) + 1 : 0;
    const taken = lineEnd === 0 ? chunk : chunk.subarray(0, lineEnd);
    buffer.set(taken.subarray(0, buffer.length - length), length);
    length += taken.length;
    taken.fill(0);
    if (length > maxBytes) throw tooLarge(maxBytes);
    if (lineEnd === 0) continue;
    if (lineEnd < chunk.length) stream.unshift(chunk.subarray(lineEnd));
    break;
  }
  return buffer.subarray(0, length);
}

function unfit(found: Parameters<typeof kindOf>[0]): Error {
  return new Error(`it is ${kindOf(found)}, not a file with a key`);
}

function tooLarge(maxBytes: number): Error {
  return new Error(`it is larger than ${maxBytes / 1_024} KiB`);
}

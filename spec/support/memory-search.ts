/** Looks for keys in the memory of another process (Linux): what a debugger, a core dump or the swap would show. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** Each piece is read into the same buffer. */
const PIECE_LENGTH = 4 << 20;
const PAGE_LENGTH = 4096;
const EMPTY_PAGE = Buffer.alloc(PAGE_LENGTH);
/** Of a key, in bytes. */
const HALF = 16;

/** How often either half of a key was found. Whoever frees memory overwrites its beginning, and not always all of it. */
export interface Found {
  readonly firstHalf: number;
  readonly secondHalf: number;
}

interface Region {
  readonly from: bigint;
  readonly length: number;
}

/** Counts keys (32 bytes) in all writable memory of a process, which must not be busy: what moves meanwhile may be missed. */
export function searchMemory(pid: number, keys: readonly Uint8Array[]): Found[] {
  const halves = keys.flatMap((key) => [Buffer.from(key.subarray(0, HALF)), Buffer.from(key.subarray(HALF))]);
  const counts = new Array<number>(halves.length).fill(0);
  const beginnings = new Uint8Array(0x1_0000);
  for (const half of halves) beginnings[half.readUInt16LE()] = 1;
  // What begins in a piece may end in the next one.
  const piece = Buffer.alloc(PIECE_LENGTH + HALF - 1);
  const memory = openSync(`/proc/${pid}/mem`, "r");
  let searched = 0;
  try {
    for (const { from, length } of writableRegions(pid)) {
      for (let at = 0; at < length; at += PIECE_LENGTH) {
        const bytes = piece.subarray(0, readAt(memory, piece, from + BigInt(at), Math.min(piece.length, length - at)));
        searched += bytes.length;
        count(bytes, halves, beginnings, counts);
      }
    }
  } finally {
    closeSync(memory);
  }
  // A process that has ended, or that may not be looked into, would seem to be clean.
  if (searched < 10_000_000) throw new Error(`only ${searched} bytes of process ${pid} could be read`);
  return keys.map((_, index) => ({ firstHalf: counts[2 * index]!, secondHalf: counts[2 * index + 1]! }));
}

function writableRegions(pid: number): Region[] {
  const lines = readFileSync(`/proc/${pid}/maps`, "utf8").split("\n");
  return lines.flatMap((line) => {
    const [, from = "", to = ""] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
    if (to === "") return [];
    return [{ from: BigInt(`0x${from}`), length: Number(BigInt(`0x${to}`) - BigInt(`0x${from}`)) }];
  });
}

/** 0 where nothing is behind the addresses, as with a device's. */
function readAt(memory: number, into: Buffer, from: bigint, length: number): number {
  try {
    return readSync(memory, into, 0, length, from);
  } catch {
    return 0;
  }
}

/** All at once: each by itself takes longer by as much as there are. `beginnings` says which two bytes one of them begins with. */
function count(bytes: Buffer, halves: readonly Buffer[], beginnings: Uint8Array, counts: number[]): void {
  const last = bytes.length - HALF;
  for (let page = 0; page <= last; page += PAGE_LENGTH) {
    // About half of them; no key ends in zeros.
    const end = Math.min(page + PAGE_LENGTH, bytes.length);
    if (EMPTY_PAGE.compare(bytes, page, end, 0, end - page) === 0) continue;
    for (let at = page; at < end && at <= last; at++) {
      if (beginnings[bytes[at]! | (bytes[at + 1]! << 8)] === 0) continue;
      for (const [index, half] of halves.entries()) if (half.compare(bytes, at, at + HALF) === 0) counts[index]!++;
    }
  }
}

import { open, rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { CAUTIOUS_READ } from "../gateway/keys/file-kind.js";
import { codeOf } from "./system-error.js";

/** Many times as long as an edit takes. */
const PATIENCE_MS = 5_000;
const RETRY_MS = 20;

/**
 * Runs `act` while no other process does so for the same file. The lock is a file next to it that only one process can
 * create. Waits for the current holder. Rejects if that takes too long, or if the holder's process is gone: a lock is
 * never removed for another process, because two processes that did so at once would both proceed.
 */
export async function withFileLock<Result>(
  file: string,
  act: () => Promise<Result>,
  patienceMs = PATIENCE_MS,
): Promise<Result> {
  const lock = `${file}.lock`;
  const deadline = performance.now() + patienceMs;
  while (!(await tryLock(lock))) {
    const holder = await holderOf(lock);
    // Read again: it may have released the lock and ended between the two checks.
    if (holder !== null && isGone(holder) && (await holderOf(lock)) === holder)
      throw new Error(
        `${JSON.stringify(lock)} was left behind by process ${holder}, which no longer runs: remove the file and try again`,
      );
    if (performance.now() >= deadline)
      throw new Error(
        `${holder === null ? "another program" : `process ${holder}`} holds ${JSON.stringify(lock)}: ` +
          "wait until it finishes; if no program is editing the key file, remove the lock",
      );
    await delay(RETRY_MS);
  }
  try {
    return await act();
  } finally {
    await rm(lock, { force: true });
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, `${process.pid}\n`, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** The process that created the lock; null if unknown. */
async function holderOf(lock: string): Promise<number | null> {
  const text = await readStart(lock).catch(() => "");
  return /^\d{1,10}\n$/.test(text) ? Number(text) : null;
}

/** Reads the first bytes. Ends even if the lock's name belongs to a pipe or a device. */
async function readStart(file: string): Promise<string> {
  const handle = await open(file, CAUTIOUS_READ);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(12), 0, 12, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

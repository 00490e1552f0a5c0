import { open, rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { CAUTIOUS_READ } from "../gateway/keys/file-kind.js";
import { codeOf } from "./system-error.js";

/** As long as anybody may hold it, many times over. */
const PATIENCE_MS = 5_000;
const RETRY_MS = 20;

/**
 * Runs `act` while nobody else does so for the same file: a file beside it, which only one can make, is the lock. Waits
 * for the one who holds it. Rejects where that takes too long, or where its holder is gone: it is not removed then, because
 * two who do that at once would both go on.
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
    // Read once more: it may have ended in good order between the two.
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

/** The process that made the lock; null where that cannot be told. */
async function holderOf(lock: string): Promise<number | null> {
  const text = await readStart(lock).catch(() => "");
  return /^\d{1,10}\n$/.test(text) ? Number(text) : null;
}

/** Whatever has taken the lock's name, reading it ends. */
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

import { randomBytes } from "node:crypto";
import { lstat, open, realpath, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { kindOf } from "../gateway/keys/file-kind.js";
import { codeOf } from "./system-error.js";

/** What a file keeps of the one that it replaces. */
interface Inherited {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The target of `path` if it is a link; else `path` itself, even if it does not exist. */
export async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    // A missing file can be created, but not through a link that leads nowhere.
    const link = await lstat(path).catch(() => null);
    if (link !== null) throw new Error(`${JSON.stringify(path)} is a link that leads nowhere`, { cause: error });
    return path;
  }
}

/** Creates a file that only its owner can read. Fails if the name is taken. Leaves nothing behind if it fails. */
export async function createFile(file: string, content: string): Promise<void> {
  await write(file, content);
  await syncFolder(dirname(file));
}

/**
 * Replaces a regular file, or a link's target, by a file with mode 600 and the same owner. Refuses to replace a device,
 * a socket or a pipe.
 */
export async function replaceRegularFile(path: string, content: string): Promise<void> {
  const file = await followLinks(path);
  const found = await lstat(file).catch(ignoreMissing);
  if (found?.isFile() === false) throw new Error(notReplaceable(found));
  await replaceFile(file, content, found === null ? undefined : { mode: 0o600, uid: found.uid, gid: found.gid });
}

/** Why `path` cannot be replaced; null if it can. */
export async function whyNotReplaceable(path: string): Promise<string | null> {
  const found = await lstat(await followLinks(path));
  return found.isFile() ? null : notReplaceable(found);
}

function notReplaceable(found: Parameters<typeof kindOf>[0]): string {
  return `it is ${kindOf(found)}, and only a regular file can be replaced`;
}

function ignoreMissing(error: unknown): null {
  if (codeOf(error) === "ENOENT") return null;
  throw error;
}

/**
 * Replaces `file`, or creates it, in one step: a reader sees the old content or the new, even after a power cut. Only
 * the owner can read the new file, unless `inherited` says otherwise.
 */
export async function replaceFile(file: string, content: string, inherited?: Inherited): Promise<void> {
  const fresh = `${file}.${randomBytes(6).toString("hex")}`;
  await write(fresh, content, inherited);
  try {
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
}

async function write(file: string, content: string, inherited?: Inherited): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  let isWhole = false;
  try {
    await handle.writeFile(content);
    if (inherited !== undefined) {
      const { uid, gid } = await handle.stat();
      // A service must still be able to read its keys after an administrator has edited them.
      if (uid !== inherited.uid || gid !== inherited.gid) await handle.chown(inherited.uid, inherited.gid);
      await handle.chmod(inherited.mode & 0o777);
    }
    await handle.sync();
    isWhole = true;
  } finally {
    await handle.close();
    // Leave no incomplete file behind.
    if (!isWhole) await rm(file, { force: true });
  }
}

/** Writes the new name to the disk. Some systems cannot; the file is complete all the same. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

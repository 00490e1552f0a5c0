import { randomBytes } from "node:crypto";
import { lstat, open, realpath, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { kindOf } from "../gateway/keys/file-kind.js";
import { codeOf } from "./system-error.js";

/** What a file that takes another one's place has from it. */
export interface Inherited {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The file that `path` leads to, where it is a link; `path` itself where there is nothing yet. */
export async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    // There is no file yet; a link that leads nowhere is not the place for one.
    const link = await lstat(path).catch(() => null);
    if (link !== null) throw new Error(`${JSON.stringify(path)} is a link that leads nowhere`, { cause: error });
    return path;
  }
}

/** Makes a file that only its owner can read. Fails where anything has that name; leaves nothing behind where it fails. */
export async function createFile(file: string, content: string): Promise<void> {
  await write(file, content);
  await syncFolder(dirname(file));
}

/**
 * Puts a private file in the place of a regular file, or of the one that a link leads to, with the same owner.
 * Nothing else is replaced: a device, a socket or a pipe is not ours to remove.
 */
export async function replaceRegularFile(path: string, content: string): Promise<void> {
  const file = await followLinks(path);
  const found = await lstat(file).catch(ignoreMissing);
  if (found?.isFile() === false) throw new Error(notReplaceable(found));
  await replaceFile(file, content, found === null ? undefined : { mode: 0o600, uid: found.uid, gid: found.gid });
}

/** Why what has this name cannot be replaced, or null where it can. */
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
 * Puts a file in the place of `file`, if there is one, in one step: whoever reads sees the old one or the new one, also
 * after a power cut. Only its owner can read it, unless it inherits.
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
      // A service must not lose its keys because the administrator has edited them.
      if (uid !== inherited.uid || gid !== inherited.gid) await handle.chown(inherited.uid, inherited.gid);
      await handle.chmod(inherited.mode & 0o777);
    }
    await handle.sync();
    isWhole = true;
  } finally {
    await handle.close();
    // Half a key is no key.
    if (!isWhole) await rm(file, { force: true });
  }
}

/** The new name is on the disk then, too. Not every system can do that, and the file is whole without it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

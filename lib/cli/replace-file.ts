import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** What a file that takes another one's place has from it. */
export interface Inherited {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Puts a file in the place of `file`, if there is one, in one step: whoever reads sees the old one or the new one, also
 * after a power cut. Only its owner can read it, unless it inherits.
 */
export async function replaceFile(file: string, content: string, inherited?: Inherited): Promise<void> {
  const fresh = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await write(fresh, content, inherited);
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
}

async function write(file: string, content: string, inherited: Inherited | undefined): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(content);
    if (inherited !== undefined) {
      const { uid, gid } = await handle.stat();
      // A service must not lose its keys because the administrator has edited them.
      if (uid !== inherited.uid || gid !== inherited.gid) await handle.chown(inherited.uid, inherited.gid);
      await handle.chmod(inherited.mode & 0o777);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The new name is on the disk then, too. Not every system can do that, and the file is whole without it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

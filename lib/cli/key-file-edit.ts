import { isUsmpError } from "../errors.js";
import { parseKeyFile } from "../gateway/keys/key-file-parser.js";
import { readKeyFile, type KeyFileContent } from "../gateway/keys/key-file.js";
import { withFileLock } from "./file-lock.js";
import { followLinks, replaceFile } from "./replace-file.js";
import { codeOf } from "./system-error.js";

/** A device as a key file has it, its members in the file's order. */
export interface DeviceRecord {
  readonly id: string;
  readonly key: string;
  readonly name?: string;
  readonly enabled?: boolean;
  readonly cipher?: string;
  readonly previousKey?: string;
  readonly previousKeyExpires?: string;
}

/** Gives the file's new devices. What it throws leaves the file as it is. */
export type KeyFileEdit = (devices: readonly DeviceRecord[]) => readonly DeviceRecord[];

/**
 * Changes a key file, or makes it, with mode 600. Two who do so at once do it one after the other. The file is there whole
 * at every moment, keeps its mode and owner, and where `path` is a link the file is changed that it leads to.
 */
export async function editKeyFile(path: string, edit: KeyFileEdit): Promise<void> {
  const file = await followLinks(path);
  await withFileLock(file, async () => {
    const before = await readExisting(file);
    // It was parsed strictly: there is no member in it that this would lose.
    const text = before?.content.text ?? '{"devices":[]}';
    const { devices } = JSON.parse(text) as { devices: readonly DeviceRecord[] };
    const edited = `${JSON.stringify({ devices: edit(devices) }, null, 2)}\n`;
    parseKeyFile(edited);
    const facts = before?.content.facts;
    await replaceFile(
      file,
      edited,
      facts && { mode: Number(facts.mode), uid: Number(facts.uid), gid: Number(facts.gid) },
    );
  });
}

async function readExisting(file: string): Promise<KeyFileContent | null> {
  try {
    return await readKeyFile(file);
  } catch (error) {
    if (isUsmpError(error) && codeOf(error.cause) === "ENOENT") return null;
    throw error;
  }
}

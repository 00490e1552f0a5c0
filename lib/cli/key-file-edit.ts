import { isUsmpError } from "../errors.js";
import { parseKeyFile } from "../gateway/keys/key-file-parser.js";
import { readKeyFile, type KeyFileContent } from "../gateway/keys/key-file.js";
import { withFileLock } from "./file-lock.js";
import { followLinks, replaceFile } from "./replace-file.js";
import { codeOf } from "./system-error.js";

/** A device in a key file, its members in the file's order. */
export interface DeviceRecord {
  readonly id: string;
  readonly key: string;
  readonly name?: string;
  readonly enabled?: boolean;
  readonly cipher?: string;
  readonly previousKey?: string;
  readonly previousKeyExpires?: string;
}

/** Returns the file's new devices. If it throws, the file is not changed. */
type KeyFileEdit = (devices: readonly DeviceRecord[]) => readonly DeviceRecord[];

/**
 * Changes a key file, or creates it with mode 600. If two processes do so at once, one waits for the other. The file is
 * complete at every moment, and keeps its mode and owner. If `path` is a link, its target is changed.
 */
export async function editKeyFile(path: string, edit: KeyFileEdit): Promise<void> {
  const file = await followLinks(path);
  await withFileLock(file, async () => {
    const before = await readExisting(file);
    // The strict parser refused unknown members, so none is lost here.
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

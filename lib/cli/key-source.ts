import { readFile, stat } from "node:fs/promises";
import { copySecret } from "../core/secret-bytes.js";
import { Usmp, type Psk, type PskSource } from "../index.js";
import { UsageError, type Context } from "./context.js";
import { codeOf } from "./system-error.js";

/** The options of every command that needs a key. */
export interface KeyOptions {
  readonly psk?: string;
  readonly pskFile?: string;
}

const HEX_PREFIX = "hex:";

/**
 * The key that the user gave, or null: `--psk` or `--psk-file` (not both), else USMP_PSK. It stands for its text, as on a
 * board; only after `hex:` it is decoded.
 * @throws UsageError for two keys, a file that cannot be read, or digits that are no hex. Whether it is long enough is the
 * library's to say.
 */
export async function findKey({ psk, pskFile }: KeyOptions, context: Context): Promise<Psk | null> {
  if (psk !== undefined && pskFile !== undefined) throw new UsageError("give --psk or --psk-file, not both");
  if (pskFile !== undefined) return readKeyFile(pskFile, context);
  if (psk !== undefined) {
    context.warn(
      "other users of this machine can see a key on the command line; --psk-file and USMP_PSK keep it private",
    );
    return decode(Buffer.from(psk));
  }
  const fromEnvironment = context.env["USMP_PSK"];
  return fromEnvironment === undefined ? null : decode(Buffer.from(fromEnvironment));
}

/** Overwrites a key that somebody has taken a copy of; a text, and keys that are no bytes, stay as they are. */
export function wipeKey(given: PskSource): void {
  if (ArrayBuffer.isView(given)) given.fill(0);
}

/** As {@link findKey}, for commands that cannot do without. */
export async function needKey(options: KeyOptions, context: Context): Promise<Psk> {
  const key = await findKey(options, context);
  if (key !== null) return key;
  throw new UsageError("no key: set USMP_PSK or give --psk-file ('usmp serve' without a key makes one and prints it)");
}

async function readKeyFile(file: string, context: Context): Promise<Psk> {
  const named = JSON.stringify(file);
  let content: Buffer;
  try {
    content = await readFile(file);
    if (await isReadableByOthers(file)) {
      context.warn(`other users of this machine can read the key in ${named}: chmod 600 makes it private`);
    }
  } catch (cause) {
    throw new UsageError(`the key file ${named} cannot be read (${codeOf(cause)})`, { cause });
  }
  return decode(withoutNewline(content));
}

/** Windows has no such bits, and a pipe is nobody else's. */
async function isReadableByOthers(file: string): Promise<boolean> {
  if (process.platform === "win32") return false;
  const found = await stat(file);
  return found.isFile() && (found.mode & 0o044) !== 0;
}

/** Editors and `echo` end a file with one, which is not part of the key. */
function withoutNewline(content: Buffer): Buffer {
  if (content.at(-1) !== 0x0a) return content;
  return content.subarray(0, content.at(-2) === 0x0d ? -2 : -1);
}

/** Overwrites `key`. */
function decode(key: Buffer): Psk {
  try {
    if (key.toString("latin1", 0, HEX_PREFIX.length) !== HEX_PREFIX) return copySecret(key);
    return Usmp.hex(key.toString("latin1", HEX_PREFIX.length));
  } finally {
    key.fill(0);
  }
}

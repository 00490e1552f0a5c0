import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import { copySecret } from "../core/secret-bytes.js";
import { causeText, systemCodeOf } from "../errors.js";
import { encodingTrouble, HEX_PREFIX, invisiblePart, withoutByteOrderMark } from "../gateway/keys/key-text.js";
import { Usmp, type Psk, type PskSource } from "../index.js";
import { readBounded } from "./bounded-read.js";
import { UsageError, type Context } from "./context.js";
import { systemReason } from "./system-error.js";

/** The options of every command that needs a key. */
export interface KeyOptions {
  readonly psk?: string;
  readonly pskFile?: string;
}

/** Far more than any key needs. */
const MAX_KEY_BYTES = 64 * 1_024;

/**
 * The key that the user gave, or null: `--psk` or `--psk-file` (not both), else USMP_PSK. The key is the text as it
 * stands, as on a board. Only after `hex:` it is decoded. The library checks its length.
 * @throws UsageError for two keys, a file that cannot be read, or digits that are not hex.
 */
export async function findKey({ psk, pskFile }: KeyOptions, context: Context): Promise<Psk | null> {
  if (psk !== undefined && pskFile !== undefined) throw new UsageError("give either --psk or --psk-file");
  if (pskFile !== undefined) return readKeyFile(pskFile, context);
  if (psk !== undefined) {
    context.warn(
      "other users of this machine can see a key on the command line; --psk-file and USMP_PSK keep it private",
    );
    return keyOfText(psk, "--psk", context);
  }
  const fromEnvironment = context.env["USMP_PSK"];
  return fromEnvironment === undefined ? null : keyOfText(fromEnvironment, "USMP_PSK", context);
}

/** Makes a key of 32 random bytes as 64 hex characters, which are the key as they stand, on both sides. */
export function makeKey(): string {
  return randomBytes(32).toString("hex");
}

/** Overwrites a key that was given as bytes, once the library has its copy. Other forms stay as they are. */
export function wipeKey(given: PskSource): void {
  if (ArrayBuffer.isView(given)) given.fill(0);
}

/** As {@link findKey}, for commands that need a key. @throws UsageError also if there is none. */
export async function needKey(options: KeyOptions, context: Context): Promise<Psk> {
  const key = await findKey(options, context);
  if (key !== null) return key;
  throw new UsageError(
    `no key: set USMP_PSK or give --psk-file ("${context.program} serve" without a key makes one and prints it)`,
  );
}

async function readKeyFile(file: string, context: Context): Promise<Psk> {
  const named = JSON.stringify(file);
  const { bytes, mode } = await readBounded(file, MAX_KEY_BYTES, context).catch((cause: unknown) => {
    const isSystemError = systemCodeOf(cause) !== null;
    const why = isSystemError ? `cannot be read: ${systemReason(cause)}` : `cannot be used: ${causeText(cause)}`;
    throw new UsageError(`the key file ${named} ${why}`, { cause });
  });
  if (mode !== null && (mode & 0o044) !== 0 && process.platform !== "win32")
    context.warn(`other users of this machine can read the key in ${named}: chmod 600 ${named} makes it private`);
  return keyOf(withoutNewline(bytes), named, context);
}

/** Editors and `echo` end a file with a line break, which is not part of the key. */
function withoutNewline(content: Uint8Array): Uint8Array {
  if (content.at(-1) !== 0x0a) return content;
  return content.subarray(0, content.at(-2) === 0x0d ? -2 : -1);
}

/** Converts a key that the system gave as text. */
function keyOfText(text: string, where: string, context: Context): Psk {
  // Node replaced bytes that are not UTF-8 by U+FFFD, which would be another key.
  if (text.includes("\ufffd")) throw new UsageError(`the key in ${where} is not UTF-8 text: give it with --psk-file`);
  return keyOf(Buffer.from(text), where, context);
}

/** Copies the key out of `bytes`, and overwrites `bytes`. */
function keyOf(bytes: Uint8Array, where: string, context: Context): Psk {
  try {
    const trouble = encodingTrouble(bytes);
    if (trouble !== null) throw new UsageError(`the key in ${where} cannot be used: ${trouble}`);
    const { buffer, byteOffset, length } = withoutByteOrderMark(bytes);
    const key = Buffer.from(buffer, byteOffset, length);
    warnOfInvisible(key, where, context);
    if (key.toString("latin1", 0, HEX_PREFIX.length) !== HEX_PREFIX) return copySecret(key);
    return Usmp.hex(key.toString("latin1", HEX_PREFIX.length));
  } finally {
    bytes.fill(0);
  }
}

function warnOfInvisible(key: Buffer, where: string, context: Context): void {
  // Do not turn a key of visible ASCII, as most are, into a string: a string cannot be overwritten.
  if (key.every((byte) => byte > 0x20 && byte < 0x7f)) return;
  if (!isUtf8(key)) return context.warn(`the key in ${where} is not UTF-8 text; its bytes count as they are`);
  const invisible = invisiblePart(key.toString());
  if (invisible === null) return;
  context.warn(
    `the key in ${where} ${invisible}, which counts as part of the key: remove it, unless the other side has it too`,
  );
}

import { randomBytes } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { ExitCode, type Context } from "./context.js";

export interface KeygenOptions {
  readonly out?: string;
  readonly force?: boolean;
}

/** 32 random bytes as 64 hex characters: text that is the key as it stands, on both sides. */
export function makeKey(): string {
  return randomBytes(32).toString("hex");
}

/** `usmp keygen`: a new key, to stdout or into a file that only its owner can read. */
export async function keygen({ out, force = false }: KeygenOptions, context: Context): Promise<ExitCode> {
  const key = makeKey();
  if (out === undefined) {
    await context.stdout.line(key);
    return ExitCode.OK;
  }
  const named = JSON.stringify(out);
  try {
    await (force ? replace(out, `${key}\n`) : create(out, `${key}\n`));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const advice = code === "EEXIST" ? "it exists; --force replaces it, and its key is lost then" : code;
    context.tell(`the key was not written to ${named}: ${advice}`);
    return ExitCode.FAILURE;
  }
  context.tell(`a new key is in ${named}`);
  return ExitCode.OK;
}

/** Fails where there is a file already, also where another program makes it at this moment. */
async function create(file: string, content: string): Promise<void> {
  await writeFile(file, content, { mode: 0o600, flag: "wx" });
}

/** A file of its own takes the old one's place: the old one's mode, which may let others read, does not live on. */
async function replace(file: string, content: string): Promise<void> {
  const fresh = `${file}.${randomBytes(6).toString("hex")}`;
  await create(fresh, content);
  try {
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

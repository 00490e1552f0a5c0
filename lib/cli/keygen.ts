import { writeFile } from "node:fs/promises";
import { ExitCode, UsageError, type Context } from "./context.js";
import { keygenDevice, type DeviceKeyOptions } from "./keygen-device.js";
import { makeKey } from "./make-key.js";
import { replaceFile } from "./replace-file.js";
import { codeOf } from "./system-error.js";

export interface KeygenOptions extends Partial<DeviceKeyOptions> {
  readonly out?: string;
}

/** `usmp keygen`: a new key, to stdout, into a file that only its owner can read, or into a key file of many devices. */
export async function keygen(options: KeygenOptions, context: Context): Promise<ExitCode> {
  const { out, device, keys, force = false } = options;
  if (device !== undefined || keys !== undefined) {
    if (device === undefined || keys === undefined) throw new UsageError("--device and --keys go together");
    if (out !== undefined) throw new UsageError("give --out or --keys, not both");
    return keygenDevice({ ...options, device, keys }, context);
  }
  for (const option of ["name", "rotate"] as const)
    if (options[option] !== undefined) throw new UsageError(`--${option} needs --device and --keys`);
  const key = makeKey();
  if (out === undefined) {
    await context.stdout.line(key);
    return ExitCode.OK;
  }
  const named = JSON.stringify(out);
  try {
    // Replaced rather than written over: the old one's mode, which may let others read, does not live on.
    await (force ? replaceFile(out, `${key}\n`) : create(out, `${key}\n`));
  } catch (cause) {
    const code = codeOf(cause);
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

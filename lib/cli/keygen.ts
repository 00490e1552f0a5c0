import { causeText, systemCodeOf } from "../errors.js";
import { ExitCode, UsageError, type Context } from "./context.js";
import { makeKey } from "./key-source.js";
import { keygenDevice, type DeviceKeyOptions } from "./keygen-device.js";
import { escapeControls } from "./printable.js";
import { createFile, replaceRegularFile, whyNotReplaceable } from "./replace-file.js";
import { codeOf, systemReason } from "./system-error.js";

export interface KeygenOptions extends Partial<DeviceKeyOptions> {
  readonly out?: string;
}

/**
 * `usmp keygen`: writes a new key to stdout, to a file that only its owner can read, or to a key file of many devices.
 */
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
  try {
    // Replaced, not overwritten, because the old file's mode may let others read.
    await (force ? replaceRegularFile(out, `${key}\n`) : createFile(out, `${key}\n`));
  } catch (cause) {
    context.tell(escapeControls(`no key was written to ${JSON.stringify(out)}: ${await adviceFor(out, cause)}`));
    return ExitCode.FAILURE;
  }
  context.tell(escapeControls(`the new key is in ${JSON.stringify(out)}`));
  return ExitCode.OK;
}

async function adviceFor(file: string, cause: unknown): Promise<string> {
  if (systemCodeOf(cause) === null) return causeText(cause);
  if (codeOf(cause) !== "EEXIST") return systemReason(cause);
  const obstacle = await whyNotReplaceable(file).catch(causeText);
  return obstacle ?? "the file exists; --force replaces it, and the key in it is lost";
}

import { causeText } from "../errors.js";
import { CIPHERS } from "../session/options.js";
import { DEFAULT_PORT } from "../transport/place.js";
import { ExitCode, type Context } from "./context.js";
import { makeKey } from "./key-source.js";
import { editKeyFile, type DeviceRecord } from "./key-file-edit.js";
import { pasteLines } from "./paste-lines.js";
import { escapeControls } from "./printable.js";
import { systemReason } from "./system-error.js";

export interface DeviceKeyOptions {
  /** The device id, in canonical form. */
  readonly device: string;
  readonly keys: string;
  readonly name?: string;
  readonly force?: boolean;
  /** For how many days the device's present key stays valid besides the new one. */
  readonly rotate?: number;
}

const DAY_MS = 86_400_000;

/** `usmp keygen --device ID --keys FILE`: puts a new key into the gateway's file and prints lines for the device. */
export async function keygenDevice(options: DeviceKeyOptions, context: Context): Promise<ExitCode> {
  const { device: deviceId, keys: file, rotate } = options;
  const key = makeKey();
  const named = JSON.stringify(file);
  let record: DeviceRecord | undefined;
  try {
    await editKeyFile(file, (devices) => {
      const edited = withNewKey(devices, options, key);
      record = edited.find(({ id }) => isSameId(id, deviceId));
      return edited;
    });
  } catch (cause) {
    context.tell(escapeControls(`no key was written to ${named}: ${reasonOf(cause)}`));
    return ExitCode.FAILURE;
  }
  context.tell(
    escapeControls(
      rotate === undefined
        ? `the new key of ${deviceId} is in ${named}`
        : `the new key of ${deviceId} is in ${named}; its previous key is accepted until ${String(record?.previousKeyExpires)}`,
    ),
  );
  const cipher = CIPHERS.find((each) => each === record?.cipher) ?? CIPHERS[0];
  const lines = pasteLines({ key, address: "0.0.0.0", port: DEFAULT_PORT, cipher, deviceId, program: context.program });
  for (const line of lines) await context.stdout.line(line);
  return ExitCode.OK;
}

/** The devices, one of them with a new key. @throws Error that names the option that would allow it. */
export function withNewKey(
  devices: readonly DeviceRecord[],
  { device: deviceId, name, force = false, rotate }: DeviceKeyOptions,
  key: string,
  nowMs = Date.now(),
): readonly DeviceRecord[] {
  const index = devices.findIndex(({ id }) => isSameId(id, deviceId));
  const present = devices[index];
  const named = name === undefined ? {} : { name };
  if (present === undefined) {
    if (rotate !== undefined) throw new Error(`${deviceId} is not in this file; omit --rotate to add it`);
    return [...devices, { id: deviceId, ...named, key, enabled: true }];
  }
  if (rotate === undefined) {
    if (!force)
      throw new Error(
        `${deviceId} is already in this file; --rotate replaces its key and accepts the old one for a while, --force replaces it at once`,
      );
    const { previousKey: _key, previousKeyExpires: _expires, ...kept } = present;
    return devices.with(index, { ...kept, ...named, key });
  }
  const until = Date.parse(present.previousKeyExpires ?? "");
  if (until > nowMs && !force)
    throw new Error(
      `${deviceId} may still use its previous key until ${String(present.previousKeyExpires)}; ` +
        "--force drops that key and rotates again",
    );
  const previousKeyExpires = new Date(nowMs + rotate * DAY_MS).toISOString().replace(/\.\d+/, "");
  return devices.with(index, { ...present, ...named, key, previousKey: present.key, previousKeyExpires });
}

function isSameId(id: string, canonical: string): boolean {
  return id.toLowerCase() === canonical;
}

function reasonOf(cause: unknown): string {
  const isSystemError = typeof cause === "object" && cause !== null && "syscall" in cause;
  return isSystemError ? systemReason(cause) : causeText(cause);
}

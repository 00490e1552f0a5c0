import { KeyFile, type KeyFileDevice, type KeyFileReload, type Logger } from "../index.js";
import type { Context } from "./context.js";
import { escapeControls } from "./printable.js";

/** How many devices of one kind a line names. The first edit may bring thousands. */
const NAMED_AT_MOST = 10;

/** Opens a key file and reports its reloads, errors and warnings, to the logger or else to stderr. */
export function openKeys(path: string, logger: Logger | null, context: Context): Promise<KeyFile> {
  if (logger !== null) {
    return KeyFile.open(path, {
      onReload: (reload) => logger.info("keys.reload", { what: describeReload(reload) }),
      onError: ({ code, message }) => logger.error("keys.error", { code, message }),
      onWarning: (message) => logger.warn("keys.warning", { message }),
    });
  }
  return KeyFile.open(path, {
    onReload: (reload) => context.tell(`keys reloaded: ${describeReload(reload)}`),
    onError: (error) => context.tell(escapeControls(`${error.message}; the last good keys stay in use`)),
    onWarning: (text) => context.warn(escapeControls(text)),
  });
}

/** A device's id, followed by its name in the file, if any. */
export function labelOf(deviceId: string, keys: KeyFile | null): string {
  return label({ deviceId, name: keys?.nameOf(deviceId) ?? null });
}

/** Describes a reload in one line. */
export function describeReload({ devices, added, changed, revoked }: KeyFileReload): string {
  const parts = Object.entries({ added, changed, revoked }).filter(([, each]) => each.length > 0);
  const count = `${devices} ${devices === 1 ? "device" : "devices"}`;
  return [count, ...parts.map(([what, each]) => `${what} ${list(each)}`)].join("; ");
}

function list(devices: readonly KeyFileDevice[]): string {
  const named = devices.slice(0, NAMED_AT_MOST).map(label).join(", ");
  return devices.length > NAMED_AT_MOST ? `${named} and ${devices.length - NAMED_AT_MOST} more` : named;
}

function label({ deviceId, name }: KeyFileDevice): string {
  return name === null ? deviceId : `${deviceId} (${escapeControls(name)})`;
}

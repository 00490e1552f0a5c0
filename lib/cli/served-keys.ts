import { KeyFile, type KeyFileDevice, type KeyFileReload, type Logger } from "../index.js";
import type { Context } from "./context.js";
import { escapeControls } from "./printable.js";

/** As many devices are named of one kind; a first edit may bring thousands. */
const NAMED_AT_MOST = 10;

/** Opens a key file, and from then on says what becomes of it: to the logger, or else on stderr. */
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

/** A device's id, and behind it the name that the file has for it. */
export function labelOf(deviceId: string, keys: KeyFile | null): string {
  return label({ deviceId, name: keys?.nameOf(deviceId) ?? null });
}

/** What a reload did, in one line. */
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

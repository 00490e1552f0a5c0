import { UsmpError } from "../../errors.js";
import { hexOf } from "./bytes.js";
import type { CryptoProvider } from "../crypto-provider.js";
import { isBytes } from "../kinds.js";
import { DEVICE_ID_LENGTH } from "./wire.js";

const TEXT_FORM = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** Formats a 6-byte device id as `"24:0a:c4:01:02:03"`, so that none carries a newline or an escape into a log. */
export function formatDeviceId(deviceId: Uint8Array): string {
  return hexOf(deviceId, ":");
}

/**
 * Parses a device id into 6 bytes. It is given as text (`"24:0a:c4:01:02:03"`, either case) or as bytes (copied).
 * @throws UsmpError INVALID_ARG for any other form.
 */
export function parseDeviceId(value: string | Uint8Array): Uint8Array {
  if (typeof value === "string") {
    const text = value.toLowerCase();
    if (TEXT_FORM.test(text)) return Uint8Array.from(text.split(":"), (pair) => Number.parseInt(pair, 16));
  } else if (isBytes(value) && value.length === DEVICE_ID_LENGTH) {
    return Uint8Array.from(value);
  }
  throw new UsmpError(
    "INVALID_ARG",
    `deviceId is ${describeBadId(value)}; give six pairs of hex digits like "24:0a:c4:01:02:03", or 6 bytes`,
  );
}

/** Repeats a text only if it was plainly meant as an id: it could be a key, which has at least 16 characters. */
function describeBadId(value: unknown): string {
  if (isBytes(value)) return `${value.length} bytes`;
  if (typeof value !== "string") return `of type ${typeof value}`;
  const isMeantAsId = /^[0-9a-fA-F:.-]{1,17}$/.test(value) && (value.length < 16 || /[:.-]/.test(value));
  return isMeantAsId ? `"${value}"` : `a text of ${value.length} characters`;
}

/** A random device id of 6 bytes. It is a locally administered unicast address, so no real board has it. */
export function randomDeviceId(crypto: Pick<CryptoProvider, "randomBytes">): Uint8Array {
  const deviceId = crypto.randomBytes(DEVICE_ID_LENGTH);
  deviceId[0] = ((deviceId[0] as number) & 0xfe) | 0x02;
  return deviceId;
}

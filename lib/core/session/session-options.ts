import { UsmpError } from "../../errors.js";
import type { KeepaliveOptions } from "./keepalive.js";
import type { Role } from "./rekey-kdf.js";
import type { RotationOptions } from "./rekey-policy.js";
import type { SealingContext } from "./frame-cipher.js";
import { MAX_MESSAGE_LENGTH } from "../wire/wire.js";

/** What a session is made with, over streams and datagrams. */
export interface SessionOptions extends Omit<SealingContext, "sessionId"> {
  readonly role: Role;
  readonly keepalive: KeepaliveOptions;
  /** When this end rotates the keys by itself. Default: never. */
  readonly rotation?: RotationOptions;
}

/** @throws UsmpError PAYLOAD_TOO_LARGE for a message of more than 1808 bytes. */
export function requireMessageLength(length: number): void {
  if (length <= MAX_MESSAGE_LENGTH) return;
  const message = `a message of ${length} bytes; at most ${MAX_MESSAGE_LENGTH} fit: send it in parts`;
  throw new UsmpError("PAYLOAD_TOO_LARGE", message);
}

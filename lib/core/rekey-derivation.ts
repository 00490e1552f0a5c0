import { concat } from "./bytes.js";
import type { SealingContext } from "./sealing.js";
import { copySecret, joinSecrets } from "./secret-bytes.js";
import { KEY_LENGTH } from "./wire.js";

/** Which end of a session this is: crossed REKEYs are settled by it. */
export type Role = "device" | "gateway";

const REKEY_INFO = new TextEncoder().encode("usmp-rekey");

/** The new send and receive keys of whoever started the rotation, from its old ones (§7); fresh, the caller's to wipe. */
export function deriveRekeyed(
  { crypto, sessionId }: SealingContext,
  initiatorTx: Uint8Array,
  initiatorRx: Uint8Array,
  salt: Uint8Array,
): [tx: Uint8Array, rx: Uint8Array] {
  const ikm = joinSecrets(initiatorTx, initiatorRx);
  const okm = crypto.hkdfSha256(ikm, salt, concat(REKEY_INFO, sessionId), 2 * KEY_LENGTH);
  crypto.wipe(ikm);
  const keys: [Uint8Array, Uint8Array] = [copySecret(okm, 0, KEY_LENGTH), copySecret(okm, KEY_LENGTH)];
  crypto.wipe(okm);
  return keys;
}

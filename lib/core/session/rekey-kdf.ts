import { UsmpError } from "../../errors.js";
import { concat } from "../wire/bytes.js";
import { REKEY_SALT_LENGTH } from "../wire/wire.js";
import { deriveTwoKeys } from "../handshake/key-derivation.js";
import type { SealingContext } from "./frame-cipher.js";
import { joinSecrets } from "../secret-bytes.js";

/** Which end of a session this is. It decides which of two crossed REKEYs wins (§7.4). */
export type Role = "device" | "gateway";

const REKEY_INFO = new TextEncoder().encode("usmp-rekey");

/** @throws UsmpError CRYPTO unless a REKEY's plaintext is a salt of 32 bytes (§7). */
export function requireRekeySalt({ length }: Uint8Array): void {
  if (length === REKEY_SALT_LENGTH) return;
  throw new UsmpError("CRYPTO", `REKEY with a salt of ${length} bytes; it has ${REKEY_SALT_LENGTH}`);
}

/** Derives the initiator's new send and receive keys from its old ones (§7.1). The caller wipes them. */
export function deriveRekeyed(
  { crypto, sessionId }: SealingContext,
  initiatorTx: Uint8Array,
  initiatorRx: Uint8Array,
  salt: Uint8Array,
): [tx: Uint8Array, rx: Uint8Array] {
  return deriveTwoKeys(crypto, joinSecrets(initiatorTx, initiatorRx), salt, concat(REKEY_INFO, sessionId));
}

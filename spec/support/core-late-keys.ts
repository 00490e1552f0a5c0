/**
 * Sessions close to the end of their sequence numbers. Nobody can seal 2^32 frames in a spec, so the key schedule is replaced
 * by real keys that start late; everything around it is the session's own.
 */
import sinon from "sinon";
import { StreamKeys } from "../../lib/core/stream/stream-keys.js";
import type { Role } from "../../lib/core/session/rekey-kdf.js";
import { OrderedOpeningKey, SealingKey } from "../../lib/core/session/frame-cipher.js";
import { UsmpError } from "../../lib/errors.js";
import { crypto } from "./core-crypto.js";
import { agreedKeys, SESSION_ID } from "./core-pair.js";

/** From here to `sinon.restore()` sessions of `role` send from `firstTx` and expect `firstRx`, under the agreed keys. */
export function startLate(
  role: Role,
  { firstTx = 0, firstRx = 0 }: { readonly firstTx?: number; readonly firstRx?: number },
): void {
  const context = { crypto, cipher: "aes-256-gcm", sessionId: SESSION_ID } as const;
  const { c2s, s2c } = agreedKeys().keys;
  const tx = new SealingKey(context, role === "device" ? c2s : s2c, firstTx);
  const rx = new OrderedOpeningKey(context, role === "device" ? s2c : c2s, firstRx);
  sinon.stub(StreamKeys.prototype, "tx").get(() => tx);
  sinon.stub(StreamKeys.prototype, "open").callsFake((frame) => {
    const plaintext = rx.open(frame);
    if (plaintext === null) throw new UsmpError("CRYPTO", "not the frame that belongs here");
    return { plaintext, firstUnderNewKey: false };
  });
}

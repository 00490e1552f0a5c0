/** Cryptography whose randomness counts: one input of a fuzz target always does the same. */
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { writeUint32 } from "../../lib/core/wire/bytes.js";
import { filled } from "../support/core-bytes.js";
import { keyPairFrom } from "../support/key-pair-from.js";

/** `base` with key pairs and random bytes that are all different, and the same each time. */
export function repeatable(base: CryptoProvider, first = 0): CryptoProvider {
  let drawn = first;
  let pairs = first;
  return {
    ...base,
    generateKeyPair: () => keyPairFrom(filled(32, ++pairs)),
    randomBytes: (length) => {
      const bytes = filled(length, 0x77);
      if (length >= 4) writeUint32(bytes, 0, ++drawn);
      return bytes;
    },
  };
}

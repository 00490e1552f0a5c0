import type { CryptoProvider, KeyPair } from "../core/crypto-provider.js";

/** One for each provider, for whoever connects next. */
const ahead = new WeakMap<CryptoProvider, KeyPair>();

/** A fresh ephemeral pair, the caller's: the one made ahead, where there is one. */
export function takeKeyPair(crypto: CryptoProvider): KeyPair {
  const pair = ahead.get(crypto);
  ahead.delete(crypto);
  return pair ?? crypto.generateKeyPair();
}

/** Makes one for the next connection, while there is time. */
export function makeKeyPairAhead(crypto: CryptoProvider): void {
  if (ahead.has(crypto)) return;
  try {
    ahead.set(crypto, crypto.generateKeyPair());
  } catch {
    // Whoever needs one makes it itself, and is told what is wrong.
  }
}

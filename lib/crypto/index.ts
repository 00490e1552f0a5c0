import type { CipherName, CryptoProvider } from "../core/crypto-provider.js";
import { UsmpError } from "../errors.js";
import { defaultProvider, loadSodium } from "./default-provider.js";

export { nodeProvider } from "./node-provider.js";

const SODIUM_CIPHER: CipherName = "chacha20-poly1305";

const withoutSodium: Promise<CryptoProvider> = Promise.resolve(defaultProvider);
let withSodium: Promise<CryptoProvider> | undefined;

/**
 * The default provider, once it is ready for `ciphers`, by default both: for ChaCha20-Poly1305 libsodium is loaded and its WebAssembly
 * compiled, which takes longer than all else of the library, and is not asked of programs that speak AES alone. Calls for the same
 * ciphers return the same promise, unless it was rejected.
 *
 * @throws UsmpError `UNSUPPORTED` (as a rejection) where the platform cannot run WebAssembly.
 */
export function loadCrypto(ciphers: readonly CipherName[] = [SODIUM_CIPHER]): Promise<CryptoProvider> {
  if (!ciphers.includes(SODIUM_CIPHER)) return withoutSodium;
  withSodium ??= load();
  return withSodium;
}

async function load(): Promise<CryptoProvider> {
  try {
    await loadSodium();
  } catch (cause) {
    // It may have been for want of a file handle: the next call tries again, in vain where Node remembers that an import failed.
    withSodium = undefined;
    throw new UsmpError("UNSUPPORTED", "libsodium did not start: allow WebAssembly here", { cause });
  }
  return defaultProvider;
}

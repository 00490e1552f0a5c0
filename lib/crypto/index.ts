import type { CipherName, CryptoProvider } from "../core/crypto-provider.js";
import { UsmpError } from "../errors.js";
import { defaultProvider, loadSodium } from "./default-provider.js";

export { nodeProvider } from "./node-provider.js";

const SODIUM_CIPHER: CipherName = "chacha20-poly1305";

const withoutSodium: Promise<CryptoProvider> = Promise.resolve(defaultProvider);
let withSodium: Promise<CryptoProvider> | undefined;

/**
 * Resolves with the default provider once it is ready for `ciphers` (default: both). ChaCha20-Poly1305 needs libsodium,
 * and compiling its WebAssembly takes longer than loading the rest of the library, so programs with AES alone do not
 * load it. Calls for the same ciphers return the same promise, unless it was rejected.
 *
 * @throws UsmpError `UNSUPPORTED` (as a rejection) if the platform cannot run WebAssembly.
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
    // The cause may have passed, such as a lack of file handles, so the next call tries again. Node may remember the
    // failed import.
    withSodium = undefined;
    throw new UsmpError("UNSUPPORTED", "libsodium did not start: allow WebAssembly here", { cause });
  }
  return defaultProvider;
}

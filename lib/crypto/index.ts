import sodium from "libsodium-wrappers";
import type { CryptoProvider } from "../core/crypto-provider.js";
import { UsmpError } from "../errors.js";
import { defaultProvider } from "./default-provider.js";

export { nodeProvider } from "./node-provider.js";

let loaded: Promise<CryptoProvider> | undefined;

/**
 * The default provider, once libsodium's WebAssembly is compiled. Every call returns the same promise.
 *
 * @throws UsmpError `UNSUPPORTED` (as a rejection) where the platform cannot run WebAssembly.
 */
export function loadCrypto(): Promise<CryptoProvider> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<CryptoProvider> {
  try {
    await sodium.ready;
  } catch (cause) {
    throw new UsmpError("UNSUPPORTED", "libsodium did not start: allow WebAssembly here", { cause });
  }
  return defaultProvider;
}

/**
 * The default in Node: libsodium for ChaCha20-Poly1305 and node:crypto for everything else, each where it is faster
 * (docs/architecture.md). Random bytes come from node:crypto: both use the system's generator, and libsodium's
 * WebAssembly build took thirty times as long.
 */
import type { Aead, CryptoProvider } from "../core/crypto-provider.js";
import { nodeProvider } from "./node-provider.js";

/** Node's own until libsodium is loaded: the same output, more slowly. */
let chaCha20Poly1305 = (key: Uint8Array): Aead => nodeProvider.aead("chacha20-poly1305", key);

/** Resolves when libsodium does ChaCha20-Poly1305. Rejects if libsodium does not start. */
export async function loadSodium(): Promise<void> {
  // Without WebAssembly, libsodium for CommonJS leaves an unhandled rejection, which ends the process.
  if (!("WebAssembly" in globalThis)) throw new Error("there is no WebAssembly");
  const { SodiumChaCha20Poly1305, sodiumReady } = await import("./sodium-chacha20.js");
  await sodiumReady;
  chaCha20Poly1305 = (key) => new SodiumChaCha20Poly1305(key);
}

export const defaultProvider: CryptoProvider = {
  ...nodeProvider,
  name: "node+libsodium",
  aead: (cipher, key) => (cipher === "chacha20-poly1305" ? chaCha20Poly1305(key) : nodeProvider.aead(cipher, key)),
};

/**
 * The default in Node: libsodium and node:crypto, each for what it does best (bench/crypto.ts). Random bytes are node:crypto's:
 * both ask the system's generator, and libsodium's WebAssembly build took thirty times as long.
 */
import type { CryptoProvider } from "../core/crypto-provider.js";
import { nodeProvider } from "./node-provider.js";
import { sodiumConstantTimeEqual, sodiumWipe } from "./sodium-bytes.js";
import { SodiumChaCha20Poly1305 } from "./sodium-chacha20.js";

/** Messages are Buffers in Node, whichever cipher they came through. */
class BufferChaCha20Poly1305 extends SodiumChaCha20Poly1305 {
  override open(nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Buffer | null {
    const plaintext = super.open(nonce, associatedData, sealed);
    return plaintext && Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  }
}

/** Needs `sodium.ready`. */
export const defaultProvider: CryptoProvider = {
  ...nodeProvider,
  name: "node+libsodium",
  aead: (cipher, key) =>
    cipher === "chacha20-poly1305" ? new BufferChaCha20Poly1305(key) : nodeProvider.aead(cipher, key),
  constantTimeEqual: sodiumConstantTimeEqual,
  wipe: sodiumWipe,
};

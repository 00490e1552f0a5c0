/**
 * ChaCha20-Poly1305 (§4) by libsodium's WebAssembly build: it costs a fraction of node:crypto's set-up per message. Loading it takes longer
 * than the rest of the library: nothing imports this file before it is needed.
 */
import sodium from "libsodium-wrappers";
import type { Aead } from "../core/crypto-provider.js";
import { AEAD_NONCE_LENGTH, AEAD_TAG_LENGTH, AeadKey } from "./aead-key.js";
import { checkLength } from "./check-length.js";

/** Rejects where the platform runs no WebAssembly. */
export const sodiumReady: Promise<void> = sodium.ready;

/** Needs `sodiumReady`. Every call copies the key into WebAssembly memory, where the library leaves it to be overwritten. */
export class SodiumChaCha20Poly1305 implements Aead {
  readonly #key: AeadKey;

  constructor(key: Uint8Array) {
    this.#key = new AeadKey(key);
  }

  /** Not a field: that would be copied into an object that is made of this one, with other methods. */
  get keepsNothing(): true {
    return true;
  }

  seal(nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array, out: Uint8Array, offset: number): void {
    checkLength("nonce", nonce, AEAD_NONCE_LENGTH);
    const key = this.#key.bytes;
    out.set(sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, associatedData, null, nonce, key), offset);
  }

  /** Messages are Buffers in Node, whichever cipher they came through. */
  open(nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Buffer | null {
    checkLength("nonce", nonce, AEAD_NONCE_LENGTH);
    const key = this.#key.bytes;
    if (sealed.length < AEAD_TAG_LENGTH) return null;
    let plaintext: Uint8Array;
    try {
      plaintext = sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, associatedData, nonce, key);
    } catch {
      return null; // All lengths were checked: it does not verify.
    }
    return Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  }

  wipe(): void {
    this.#key.wipe();
  }
}

/**
 * Both ciphers of the wire (§4) by node:crypto, that is OpenSSL.
 *
 * The key is kept as raw bytes: a KeyObject measured no faster (bench/crypto.ts) and could not be overwritten.
 */
import { createCipheriv, createDecipheriv, type CipherGCMTypes } from "node:crypto";
import type { Aead, CipherName } from "../core/crypto-provider.js";
import { AEAD_NONCE_LENGTH, AEAD_TAG_LENGTH, AeadKey } from "./aead-key.js";
import { checkLength } from "./check-length.js";

const OPTIONS = { authTagLength: AEAD_TAG_LENGTH };

export class NodeAead implements Aead {
  readonly #cipher: CipherGCMTypes;
  readonly #key: AeadKey;

  constructor(cipher: CipherName, key: Uint8Array) {
    // Node's types have one overload per family of ciphers; the calls below are the same for both of ours.
    this.#cipher = cipher as CipherGCMTypes;
    this.#key = new AeadKey(key);
  }

  /** Not a field: that would be copied into an object that is made of this one, with other methods. */
  get allowsInputReuse(): true {
    return true;
  }

  seal(nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array, out: Uint8Array, offset: number): void {
    checkLength("nonce", nonce, AEAD_NONCE_LENGTH);
    const cipher = createCipheriv(this.#cipher, this.#key.bytes, nonce, OPTIONS);
    cipher.setAAD(associatedData);
    out.set(cipher.update(plaintext), offset);
    cipher.final();
    out.set(cipher.getAuthTag(), offset + plaintext.length);
  }

  /** In Node the plaintext is a Buffer with memory of its own: `update` allocates outside Node's shared pool. */
  open(nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    checkLength("nonce", nonce, AEAD_NONCE_LENGTH);
    const key = this.#key.bytes;
    const tagAt = sealed.length - AEAD_TAG_LENGTH;
    if (tagAt < 0) return null;
    // From here on it comes to `final`, which overwrites what OpenSSL holds of the key: nothing is left to the collector.
    const decipher = createDecipheriv(this.#cipher, key, nonce, OPTIONS);
    decipher.setAAD(associatedData);
    decipher.setAuthTag(sealed.subarray(tagAt));
    const plaintext = decipher.update(sealed.subarray(0, tagAt));
    try {
      decipher.final();
    } catch {
      return null;
    }
    return plaintext;
  }

  wipe(): void {
    this.#key.wipe();
  }
}

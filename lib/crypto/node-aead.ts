/**
 * Both ciphers (§4.2) by node:crypto, which uses OpenSSL.
 *
 * The key is kept as raw bytes: a KeyObject was not faster and could not be overwritten.
 */
import { createCipheriv, createDecipheriv, type CipherGCMTypes } from "node:crypto";
import type { Aead, CipherName } from "../core/crypto-provider.js";
import { AEAD_NONCE_LENGTH, AEAD_TAG_LENGTH } from "../core/wire/wire.js";
import { AeadKey } from "./aead-key.js";
import { checkLength } from "./check-length.js";

const OPTIONS = { authTagLength: AEAD_TAG_LENGTH };

export class NodeAead implements Aead {
  readonly #cipher: CipherGCMTypes;
  readonly #key: AeadKey;

  constructor(cipher: CipherName, key: Uint8Array) {
    // Node's types have one overload for each family of ciphers. The calls below are the same for both.
    this.#cipher = cipher as CipherGCMTypes;
    this.#key = new AeadKey(key);
  }

  /** Not a field: a field would be copied by `{ ...aead }`, into an object whose methods may break the promise. */
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

  /** The plaintext is a Buffer with its own memory: `update` allocates outside Node's shared pool. */
  open(nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    checkLength("nonce", nonce, AEAD_NONCE_LENGTH);
    const key = this.#key.bytes;
    const tagAt = sealed.length - AEAD_TAG_LENGTH;
    if (tagAt < 0) return null;
    // From here on `final` always runs, and overwrites OpenSSL's copy of the key. None is left to the garbage
    // collector.
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

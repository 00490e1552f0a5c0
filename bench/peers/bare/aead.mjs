// The AEAD calls of the library and no more: a nonce from a counter, ten bytes of associated data, sealed pieces of at most 452
// bytes behind their length.
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";
import sodium from "libsodium-wrappers";

await sodium.ready;

const MAX_PIECE = 452;
const TAG = 16;
const OPTIONS = { authTagLength: TAG };
const key = Buffer.alloc(32, 7);
const associatedData = Buffer.alloc(10, 1);

/** As lib/crypto/node-aead.ts. */
const nodeAes = {
  seal(nonce, plaintext, out, offset) {
    const cipher = createCipheriv("aes-256-gcm", key, nonce, OPTIONS);
    cipher.setAAD(associatedData);
    out.set(cipher.update(plaintext), offset);
    cipher.final();
    out.set(cipher.getAuthTag(), offset + plaintext.length);
  },
  open(nonce, sealed) {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, OPTIONS);
    const tagAt = sealed.length - TAG;
    decipher.setAAD(associatedData);
    decipher.setAuthTag(sealed.subarray(tagAt));
    const plaintext = decipher.update(sealed.subarray(0, tagAt));
    decipher.final();
    return plaintext;
  },
};

/** As lib/crypto/sodium-chacha20.ts. */
const sodiumChaCha = {
  seal(nonce, plaintext, out, offset) {
    out.set(sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, associatedData, null, nonce, key), offset);
  },
  open: (nonce, sealed) => sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, associatedData, nonce, key),
};

/** One direction. */
export class Aead {
  #calls;
  #nonce = new Uint8Array(12);
  #counter = new DataView(this.#nonce.buffer);
  #next = 0;

  constructor(cipher) {
    this.#calls = cipher === "aes-256-gcm" ? nodeAes : sodiumChaCha;
  }

  /** The pieces of one message, each sealed, behind its length. */
  seal(plaintext) {
    const pieces = Math.ceil(plaintext.length / MAX_PIECE);
    const out = Buffer.allocUnsafe(plaintext.length + pieces * (2 + TAG));
    let offset = 0;
    for (let from = 0; from < plaintext.length; from += MAX_PIECE) {
      const piece = pieces === 1 ? plaintext : plaintext.subarray(from, from + MAX_PIECE);
      out.writeUInt16LE(piece.length + TAG, offset);
      this.#calls.seal(this.#nextNonce(), piece, out, offset + 2);
      offset += 2 + piece.length + TAG;
    }
    return out;
  }

  /** What is behind the length. */
  open(sealed) {
    return this.#calls.open(this.#nextNonce(), sealed);
  }

  #nextNonce() {
    this.#counter.setUint32(0, this.#next++, true);
    return this.#nonce;
  }
}

/** Calls `onSealed` with each whole sealed piece of what arrives. */
export function readPieces(stream, onSealed) {
  let kept = null;
  stream.on("data", (chunk) => {
    let bytes = kept === null ? chunk : Buffer.concat([kept, chunk]);
    while (bytes.length >= 2) {
      const end = 2 + bytes.readUInt16LE(0);
      if (bytes.length < end) break;
      onSealed(bytes.subarray(2, end));
      bytes = bytes.subarray(end);
    }
    kept = bytes.length === 0 ? null : bytes;
  });
}

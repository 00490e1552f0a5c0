/**
 * ChaCha20-Poly1305 (§4.2) by libsodium's WebAssembly build. Its set-up for each message takes a fraction of
 * node:crypto's. Loading it takes longer than loading the rest of the library, so import this file only when it is
 * needed.
 *
 * The functions of libsodium-wrappers copy the key into WebAssembly memory at each call, at another place for each
 * message length, and leave it there. This file calls the functions below them instead, with all arguments in one
 * place, and overwrites the key there after each call.
 */
import sodium from "libsodium-wrappers";
import type { Aead } from "../core/crypto-provider.js";
import { UsmpError } from "../errors.js";
import { AEAD_NONCE_LENGTH, AEAD_TAG_LENGTH, KEY_LENGTH } from "../core/wire/wire.js";
import { AeadKey } from "./aead-key.js";
import { checkLength } from "./check-length.js";

/** Rejects if the platform cannot run WebAssembly. */
export const sodiumReady: Promise<void> = sodium.ready;

/**
 * Pointers are offsets in `HEAPU8`. A 64-bit length is two numbers, the low half first. Both functions return 0 on
 * success.
 */
interface RawSodium {
  /** A new object after the memory has grown. */
  readonly HEAPU8: Uint8Array;
  _malloc(length: number): number;
  _free(pointer: number): void;
  // prettier-ignore
  _crypto_aead_chacha20poly1305_ietf_encrypt(
    out: number, outLength: null, text: number, textLow: number, textHigh: 0,
    data: number, dataLow: number, dataHigh: 0, secretNonce: null, nonce: number, key: number,
  ): number;
  // prettier-ignore
  _crypto_aead_chacha20poly1305_ietf_decrypt(
    out: number, outLength: null, secretNonce: null, text: number, textLow: number, textHigh: 0,
    data: number, dataLow: number, dataHigh: 0, nonce: number, key: number,
  ): number;
}

/** Pointers to the arguments of one call. The call changes `text` in place. */
interface Lent {
  readonly raw: RawSodium;
  readonly key: number;
  readonly nonce: number;
  readonly data: number;
  readonly text: number;
}

/** The block of memory for the arguments, kept from call to call. */
let lentAt = 0;
let lentLength = 0;

/** Copies the arguments into WebAssembly memory. The call makes the text longer by `extra` bytes. */
function lend(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, text: Uint8Array, extra: number): Lent {
  // Documented, but missing in the wrapper's types. It exists once `ready` has resolved.
  const raw = (sodium as unknown as { readonly libsodium: RawSodium }).libsodium;
  const nonceOffset = KEY_LENGTH;
  const dataOffset = nonceOffset + AEAD_NONCE_LENGTH;
  const textOffset = dataOffset + data.length;
  const at = reserve(raw, textOffset + text.length + extra);
  const { HEAPU8 } = raw;
  HEAPU8.set(key, at);
  HEAPU8.set(nonce, at + nonceOffset);
  HEAPU8.set(data, at + dataOffset);
  HEAPU8.set(text, at + textOffset);
  return { raw, key: at, nonce: at + nonceOffset, data: at + dataOffset, text: at + textOffset };
}

function reserve(raw: RawSodium, length: number): number {
  if (length <= lentLength) return lentAt;
  const at = raw._malloc(length);
  if (at === 0) throw new UsmpError("CRYPTO", "libsodium has no memory left");
  if (lentLength > 0) raw._free(lentAt);
  lentAt = at;
  lentLength = length;
  return at;
}

function forgetKey({ raw, key }: Lent): void {
  raw.HEAPU8.fill(0, key, key + KEY_LENGTH);
}

/** Use it after `sodiumReady` has resolved. */
export class SodiumChaCha20Poly1305 implements Aead {
  readonly #key: AeadKey;

  constructor(key: Uint8Array) {
    this.#key = new AeadKey(key);
  }

  seal(nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array, out: Uint8Array, offset: number): void {
    checkLength("nonce", nonce, AEAD_NONCE_LENGTH);
    const { length } = plaintext;
    const lent = lend(this.#key.bytes, nonce, associatedData, plaintext, AEAD_TAG_LENGTH);
    const { raw, text, data } = lent;
    // prettier-ignore
    raw._crypto_aead_chacha20poly1305_ietf_encrypt(
      text, null, text, length, 0, data, associatedData.length, 0, null, lent.nonce, lent.key,
    );
    forgetKey(lent);
    out.set(raw.HEAPU8.subarray(text, text + length + AEAD_TAG_LENGTH), offset);
  }

  /** Returns a Buffer, as node:crypto does, so that messages are Buffers with either cipher. */
  open(nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Buffer | null {
    checkLength("nonce", nonce, AEAD_NONCE_LENGTH);
    const key = this.#key.bytes;
    const { length } = sealed;
    if (length < AEAD_TAG_LENGTH) return null;
    const lent = lend(key, nonce, associatedData, sealed, 0);
    const { raw, text, data } = lent;
    // prettier-ignore
    const failed = raw._crypto_aead_chacha20poly1305_ietf_decrypt(
      text, null, null, text, length, 0, data, associatedData.length, 0, lent.nonce, lent.key,
    );
    forgetKey(lent);
    if (failed !== 0) return null;
    const plaintext = Buffer.from(new ArrayBuffer(length - AEAD_TAG_LENGTH));
    plaintext.set(raw.HEAPU8.subarray(text, text + plaintext.length));
    return plaintext;
  }

  wipe(): void {
    this.#key.wipe();
  }
}

import { copySecret } from "../core/secret-bytes.js";
import { KEY_LENGTH } from "../core/wire/wire.js";
import { UsmpError } from "../errors.js";
import { checkLength } from "./check-length.js";

/** An AEAD's own copy of its 32-byte key, until it is wiped. Never printed: the bytes are private. */
export class AeadKey {
  #bytes: Uint8Array | null;

  /**
   * Copies `key`.
   *
   * @throws UsmpError `INVALID_ARG` if `key` does not hold 32 bytes.
   */
  constructor(key: Uint8Array) {
    checkLength("key", key, KEY_LENGTH);
    this.#bytes = copySecret(key);
  }

  /**
   * The key, borrowed.
   *
   * @throws UsmpError `CRYPTO` once wiped. Encrypting with a key of zeros would look like encryption and protect
   * nothing.
   */
  get bytes(): Uint8Array {
    if (this.#bytes === null) throw new UsmpError("CRYPTO", "this key was wiped: derive a new one");
    return this.#bytes;
  }

  /** Overwrites the copy. */
  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = null;
  }
}

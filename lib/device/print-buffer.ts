import { MAX_PLAINTEXT_LENGTH } from "../core/wire/wire.js";

const NEWLINE = 0x0a;

/**
 * Gathers text, as on the board, and sends it as one message at each newline (included), at 452 bytes, and on `flush`.
 */
export class PrintBuffer {
  readonly #send: (message: Uint8Array) => boolean;
  readonly #gathered = new Uint8Array(MAX_PLAINTEXT_LENGTH);
  #length = 0;

  /** `send` gets a view that is only valid for the call. */
  constructor(send: (message: Uint8Array) => boolean) {
    this.#send = send;
  }

  /** Takes bytes. Returns how many of them it gathered or sent. */
  write(bytes: Uint8Array): number {
    let taken = 0;
    for (const byte of bytes) {
      this.#gathered[this.#length++] = byte;
      if ((byte === NEWLINE || this.#length === MAX_PLAINTEXT_LENGTH) && !this.flush()) return taken;
      taken++;
    }
    return taken;
  }

  /** Sends the gathered text. Returns false if it cannot be sent; the text is then lost, as on the board. */
  flush(): boolean {
    if (this.#length === 0) return true;
    const message = this.#gathered.subarray(0, this.#length);
    this.#length = 0;
    return this.#send(message);
  }

  /** Discards the gathered text: it belonged to a session that is over. */
  clear(): void {
    this.#length = 0;
  }
}

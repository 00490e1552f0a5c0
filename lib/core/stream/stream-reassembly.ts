import { UsmpError } from "../../errors.js";
import { concat } from "../wire/bytes.js";
import { MAX_FRAMES_PER_MESSAGE } from "../wire/wire.js";

/** Joins the fragments of a message (§4.4). On a stream they arrive without gaps, so counting them is enough. */
export class StreamReassembly {
  #parts: Uint8Array[] = [];

  /** Whether a message has begun and not ended. No control frame may come until it ends. */
  get holdsPartialMessage(): boolean {
    return this.#parts.length > 0;
  }

  /**
   * Takes a fragment (kept) that is not the last.
   * @throws UsmpError FRAGMENT if the message would need more than 4 frames.
   */
  addFragment(plaintext: Uint8Array): void {
    if (this.#parts.length + 1 >= MAX_FRAMES_PER_MESSAGE) {
      throw new UsmpError("FRAGMENT", `a message came in more than ${MAX_FRAMES_PER_MESSAGE} frames`);
    }
    this.#parts.push(plaintext);
  }

  /** Takes the last frame of a message and returns the whole. A message of one frame is returned as it is. */
  finish(plaintext: Uint8Array): Uint8Array {
    if (this.#parts.length === 0) return plaintext;
    const message = concat(...this.#parts, plaintext);
    this.#parts = [];
    return message;
  }
}

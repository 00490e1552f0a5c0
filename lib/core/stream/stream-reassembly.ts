import { UsmpError } from "../../errors.js";
import { concat } from "../wire/bytes.js";
import { MAX_FRAMES_PER_MESSAGE } from "../wire/wire.js";

/** Joins the fragments of a message (§4). On a stream they follow each other without a gap, so it only has to count. */
export class StreamReassembly {
  #parts: Uint8Array[] = [];

  /** Whether a message has begun and not ended: no other frame may come now. */
  get holdsPartialMessage(): boolean {
    return this.#parts.length > 0;
  }

  /**
   * Takes a fragment that is not the last (kept).
   * @throws UsmpError FRAGMENT where the message would need more than 4 frames.
   */
  addFragment(plaintext: Uint8Array): void {
    if (this.#parts.length + 1 >= MAX_FRAMES_PER_MESSAGE) {
      throw new UsmpError("FRAGMENT", `a message came in more than ${MAX_FRAMES_PER_MESSAGE} frames`);
    }
    this.#parts.push(plaintext);
  }

  /** Takes the last, or only, frame of a message and returns the whole. A message of one frame is returned as it is. */
  finish(plaintext: Uint8Array): Uint8Array {
    if (this.#parts.length === 0) return plaintext;
    const message = concat(...this.#parts, plaintext);
    this.#parts = [];
    return message;
  }
}

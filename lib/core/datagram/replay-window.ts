/** How many sequence numbers behind the newest are still told apart (§5). */
export const REPLAY_WINDOW_LENGTH = 64;

const WORD_BITS = 32;

/** What a sequence number is to a window: not seen yet, seen, or too far behind to know. */
export type ReplayVerdict = "new" | "seen" | "old";

/**
 * Which of the last 64 sequence numbers under one key were taken (§5). Judging changes nothing; only a frame that has
 * verified is marked, so forged numbers move nothing.
 *
 *     newest - 63 ................ newest
 *     `--- high word ---'`--- low word ---'     bit 0 of the low word is the newest
 */
export class ReplayWindow {
  /** -1: empty. */
  #newest = -1;
  #low = 0;
  #high = 0;

  /** The highest number that was marked, -1 before any. */
  get newest(): number {
    return this.#newest;
  }

  judge(seq: number): ReplayVerdict {
    const behind = this.#newest - seq;
    if (behind < 0) return "new";
    if (behind >= REPLAY_WINDOW_LENGTH) return "old";
    const word = behind < WORD_BITS ? this.#low : this.#high;
    return ((word >>> (behind % WORD_BITS)) & 1) === 1 ? "seen" : "new";
  }

  /** Notes a number that `judge` called new. */
  mark(seq: number): void {
    if (seq > this.#newest) this.#moveTo(seq);
    const behind = this.#newest - seq;
    const bit = 1 << (behind % WORD_BITS);
    if (behind < WORD_BITS) this.#low |= bit;
    else this.#high |= bit;
  }

  #moveTo(seq: number): void {
    const by = seq - this.#newest;
    this.#newest = seq;
    // A shift by 32 or more would be taken modulo 32.
    if (by >= REPLAY_WINDOW_LENGTH) {
      this.#high = 0;
      this.#low = 0;
    } else if (by >= WORD_BITS) {
      this.#high = by === WORD_BITS ? this.#low : this.#low << (by - WORD_BITS);
      this.#low = 0;
    } else {
      this.#high = (this.#high << by) | (this.#low >>> (WORD_BITS - by));
      this.#low <<= by;
    }
  }
}

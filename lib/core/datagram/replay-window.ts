/** How many sequence numbers the window covers, the newest included (§5.2). */
export const REPLAY_WINDOW_LENGTH = 64;

const WORD_BITS = 32;

/** A sequence number's verdict: not seen yet, seen, or behind the window. */
export type ReplayVerdict = "new" | "seen" | "old";

/**
 * Which of the last 64 sequence numbers under one key were taken (§5.2). Judging changes nothing. Only a frame that has
 * verified is marked, so forged numbers do not move the window.
 *
 *     newest - 63 ................ newest
 *     `--- high word ---'`--- low word ---'     bit 0 of the low word is the newest
 */
export class ReplayWindow {
  /** -1: empty. */
  #newest = -1;
  #low = 0;
  #high = 0;

  /** The highest number that was marked; -1 if none was. */
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

  /** Marks a number that `judge` called new. */
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
    // JavaScript shifts by the count modulo 32.
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

/** §6: answers that were given before leave at most this often in any second. */
const PER_SECOND = 8;
const SECOND_MS = 1_000;

/**
 * So many of them for anything but the newest frame. A peer repeats nothing else, but anybody can replay what was recorded: that must
 * not use up what the peer's own repeats need.
 */
const OLDER_PER_SECOND = 4;

/** What a frame that came before is a copy of: the newest one that was taken, or one before that. */
export type Copied = "newest" | "older";

interface Repeat {
  readonly at: number;
  readonly copied: Copied;
}

/**
 * How often one peer is answered again (§6). A copy costs its sender nothing, so beyond this it is dropped unread. The first is always
 * answered: the answer to the original may have got lost.
 */
export class RepeatAllowance {
  /** Those of the last second, the oldest first. */
  readonly #given: Repeat[] = [];

  /** Whether a copy may be answered now. Changes nothing that a later question would notice. */
  allows(copied: Copied, now: number): boolean {
    while (this.#given.length > 0 && now >= this.#given[0]!.at + SECOND_MS) this.#given.shift();
    if (this.#given.length >= PER_SECOND) return false;
    return copied === "newest" || this.#given.filter((repeat) => repeat.copied === "older").length < OLDER_PER_SECOND;
  }

  /** Takes one; false where none is left. */
  take(copied: Copied, now: number): boolean {
    if (!this.allows(copied, now)) return false;
    this.#given.push({ at: now, copied });
    return true;
  }
}

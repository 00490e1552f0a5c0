/** Answers to copies in any second (§6.5). */
const PER_SECOND = 8;
const SECOND_MS = 1_000;

/**
 * Of these, answers to copies of older frames. A peer retransmits only its newest frame, but an attacker can replay
 * recorded ones: that must not use up the answers that the peer's retransmissions need.
 */
const OLDER_PER_SECOND = 4;

/** Which frame a copy repeats: the newest one that was taken, or an older one. */
export type Copied = "newest" | "older";

interface Repeat {
  readonly at: number;
  readonly copied: Copied;
}

/**
 * Limits how often copies are answered (§6.5). A copy costs its sender nothing, so those beyond the limit are dropped
 * unread. The first one is always answered, because the answer to the original may have been lost.
 */
export class RepeatAllowance {
  /** The answers of the last second, the oldest first. */
  readonly #given: Repeat[] = [];

  /** Whether a copy may be answered at `now`. Takes nothing. */
  allows(copied: Copied, now: number): boolean {
    while (this.#given.length > 0 && now >= this.#given[0]!.at + SECOND_MS) this.#given.shift();
    if (this.#given.length >= PER_SECOND) return false;
    return copied === "newest" || this.#given.filter((repeat) => repeat.copied === "older").length < OLDER_PER_SECOND;
  }

  /** Takes one answer. False if none is left. */
  take(copied: Copied, now: number): boolean {
    if (!this.allows(copied, now)) return false;
    this.#given.push({ at: now, copied });
    return true;
  }
}

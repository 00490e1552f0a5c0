/** A board that finds a datagram reads for up to 10 times 50 ms, and gives what it finds in that time no more than the rest of it. */
const READS_MS = 500;
/** What the datagram, and the board's loop, may take until then. */
const LATE_MS = 100;
/** What starts within this time has most of the reads. */
const EARLY_MS = 100;

/**
 * When a fragmented message may start. A copy, or an acknowledgement that a board no longer waits for, makes it read with nothing to
 * come; a message that starts towards the end of those reads loses its session. So it starts at once, or after them.
 */
export class BoardReads {
  #since = -Infinity;

  /** Something left that the peer may have had before. */
  repeated(now: number): void {
    this.#since = now;
  }

  /** Whether a fragmented message may start now. */
  allowStart(now: number): boolean {
    return now <= this.#since + EARLY_MS || now >= this.over;
  }

  /** When the reads are over. */
  get over(): number {
    return this.#since + READS_MS + LATE_MS;
  }
}

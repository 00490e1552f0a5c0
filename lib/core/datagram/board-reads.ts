/** A board that finds a datagram reads for up to 10 times 50 ms (§6.3). A message gets only what is left. */
const READS_MS = 500;
/** How late the board may begin to read, in milliseconds: the datagram's way, and a turn of its loop. */
const LATE_MS = 100;
/** A message that starts within this time, in milliseconds, gets most of the reads. */
const EARLY_MS = 100;

/**
 * When a fragmented message to a board may start (§6.3). A retransmission, or an acknowledgement that the board no
 * longer waits for, makes it read although nothing follows. A message that starts towards the end of those reads costs
 * the session. So it starts at once, or after them.
 */
export class BoardReads {
  #since = -Infinity;

  /** A datagram left that the peer may have had before. */
  repeated(now: number): void {
    this.#since = now;
  }

  /** Whether a fragmented message may start now. */
  allowStart(now: number): boolean {
    return now <= this.#since + EARLY_MS || now >= this.over;
  }

  /** When the board's reads are over. */
  get over(): number {
    return this.#since + READS_MS + LATE_MS;
  }
}

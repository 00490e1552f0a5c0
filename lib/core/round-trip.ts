/** §6: the timeout before anything was measured, and what it is kept within afterwards. Milliseconds. */
export const FIRST_RTO_MS = 500;
export const LEAST_RTO_MS = 100;
export const MOST_RTO_MS = 5_000;

/** RFC 6298, section 2: the weight of a new measurement, and how many deviations the timeout leaves. */
const ALPHA = 1 / 8;
const BETA = 1 / 4;
const K = 4;

/** The round trip of a path and the retransmission timeout that follows from it (RFC 6298). */
export class RoundTrip {
  #smoothedMs: number | null = null;
  #variationMs = 0;
  #rtoMs = FIRST_RTO_MS;

  /** The smoothed round trip in milliseconds, null before one was measured. */
  get smoothedMs(): number | null {
    return this.#smoothedMs;
  }

  /** How long to wait for an acknowledgement, in milliseconds. */
  get rtoMs(): number {
    return this.#rtoMs;
  }

  /** Takes the round trip of a frame that was sent once. Of one that was sent again it is not known (Karn's rule). */
  measured(roundTripMs: number): void {
    if (this.#smoothedMs === null) {
      this.#smoothedMs = roundTripMs;
      this.#variationMs = roundTripMs / 2;
    } else {
      this.#variationMs += BETA * (Math.abs(this.#smoothedMs - roundTripMs) - this.#variationMs);
      this.#smoothedMs += ALPHA * (roundTripMs - this.#smoothedMs);
    }
    this.#rtoMs = Math.min(Math.max(this.#smoothedMs + K * this.#variationMs, LEAST_RTO_MS), MOST_RTO_MS);
  }

  /** The timeout passed: the next one is twice as long, and stays so until a frame gets through at its first sending. */
  backOff(): void {
    this.#rtoMs = Math.min(2 * this.#rtoMs, MOST_RTO_MS);
  }
}

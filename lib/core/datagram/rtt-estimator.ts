import { FIRST_RTO_MS, MIN_RTO_MS, MAX_RTO_MS } from "../handshake/retransmitter.js";

/** RFC 6298, section 2: the weight of a new measurement, and how many deviations the timeout leaves. */
const ALPHA = 1 / 8;
const BETA = 1 / 4;
const K = 4;

/** An urgent repeat waits for this long at least. */
export const MIN_URGENT_MS = 30;

/** What an urgent repeat leaves beside the smoothed round trip, at least. */
const MIN_MARGIN = 1 / 8;

/** The round trip of a path and the retransmission timeout that follows from it (RFC 6298). */
export class RttEstimator {
  #smoothedMs: number | null;
  #variationMs: number;
  /** 2 to the number of timeouts since the last measurement. */
  #backOff = 1;

  /** `seedMs`: an exchange that was measured before, null where there was none. */
  constructor(seedMs: number | null = null) {
    this.#smoothedMs = seedMs;
    this.#variationMs = (seedMs ?? 0) / 2;
  }

  /** The smoothed round trip in milliseconds, null before one was measured. */
  get smoothedMs(): number | null {
    return this.#smoothedMs;
  }

  /** How long to wait for an acknowledgement, in milliseconds. */
  get rtoMs(): number {
    const rtoMs = this.#smoothedMs === null ? FIRST_RTO_MS : this.#smoothedMs + K * this.#variationMs;
    return Math.min(Math.max(rtoMs, MIN_RTO_MS) * this.#backOff, MAX_RTO_MS);
  }

  /**
   * How long to wait where a needless repeat does less harm than a late one: the round trip, and the variation once instead of four
   * times.
   */
  get urgentMs(): number {
    return Math.min(this.overdueMs * this.#backOff, MAX_RTO_MS);
  }

  /** After how long an acknowledgement would have come, as far as is known, whatever timeouts there were. */
  get overdueMs(): number {
    if (this.#smoothedMs === null) return FIRST_RTO_MS;
    const overdueMs = this.#smoothedMs + Math.max(this.#variationMs, MIN_MARGIN * this.#smoothedMs);
    return Math.min(Math.max(overdueMs, MIN_URGENT_MS), MAX_RTO_MS);
  }

  /** Takes the round trip of a frame that was sent once. Of one that was sent again it is not known (Karn's rule). */
  measured(roundTripMs: number): void {
    this.#backOff = 1;
    if (this.#smoothedMs === null) {
      this.#smoothedMs = roundTripMs;
      this.#variationMs = roundTripMs / 2;
    } else {
      this.#variationMs += BETA * (Math.abs(this.#smoothedMs - roundTripMs) - this.#variationMs);
      this.#smoothedMs += ALPHA * (roundTripMs - this.#smoothedMs);
    }
  }

  /** The timeout passed: the next one is twice as long, and stays so until a frame gets through at its first sending. */
  backOff(): void {
    if (this.rtoMs < MAX_RTO_MS) this.#backOff *= 2;
  }
}

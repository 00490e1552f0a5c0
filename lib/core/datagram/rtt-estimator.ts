import { FIRST_RTO_MS, MIN_RTO_MS, MAX_RTO_MS } from "../handshake/retransmitter.js";

/** RFC 6298, section 2: the weight of a new measurement, and how many deviations the timeout leaves. */
const ALPHA = 1 / 8;
const BETA = 1 / 4;
const K = 4;

/** The least wait before an urgent retransmission, in milliseconds. */
const MIN_URGENT_MS = 30;

/** The least margin of an urgent wait over the smoothed round trip, as a part of it. */
const MIN_MARGIN = 1 / 8;

/** Estimates a path's round trip, and the retransmission timeout from it (RFC 6298). */
export class RttEstimator {
  #smoothedMs: number | null;
  #variationMs: number;
  /** 2 to the power of the timeouts since the last measurement. */
  #backOff = 1;

  /** `seedMs`: a round trip that was measured before, in milliseconds, or null. */
  constructor(seedMs: number | null = null) {
    this.#smoothedMs = seedMs;
    this.#variationMs = (seedMs ?? 0) / 2;
  }

  /** The smoothed round trip in milliseconds; null before a measurement. */
  get smoothedMs(): number | null {
    return this.#smoothedMs;
  }

  /** The retransmission timeout in milliseconds. */
  get rtoMs(): number {
    const rtoMs = this.#smoothedMs === null ? FIRST_RTO_MS : this.#smoothedMs + K * this.#variationMs;
    return Math.min(Math.max(rtoMs, MIN_RTO_MS) * this.#backOff, MAX_RTO_MS);
  }

  /**
   * The timeout in milliseconds if a needless retransmission does less harm than a late one: the round trip plus its
   * variation once, instead of four times.
   */
  get urgentMs(): number {
    return Math.min(this.overdueMs * this.#backOff, MAX_RTO_MS);
  }

  /** After how long an acknowledgement is overdue, in milliseconds, without the back-off of earlier timeouts. */
  get overdueMs(): number {
    if (this.#smoothedMs === null) return FIRST_RTO_MS;
    const overdueMs = this.#smoothedMs + Math.max(this.#variationMs, MIN_MARGIN * this.#smoothedMs);
    return Math.min(Math.max(overdueMs, MIN_URGENT_MS), MAX_RTO_MS);
  }

  /** Takes the round trip of a frame that was sent once. That of a retransmitted one is ambiguous (Karn's rule). */
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

  /** A timeout has passed. Doubles the next one, until a frame gets through at its first sending. */
  backOff(): void {
    if (this.rtoMs < MAX_RTO_MS) this.#backOff *= 2;
  }
}

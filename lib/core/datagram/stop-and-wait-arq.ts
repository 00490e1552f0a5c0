import type { UsmpError } from "../../errors.js";
import type { CryptoProvider } from "../crypto-provider.js";
import { MIN_RTO_MS, MAX_RTO_MS } from "../handshake/retransmitter.js";
import { RttEstimator } from "./rtt-estimator.js";
import { sealedUtack, type Utack } from "../wire/utack.js";

/** How often one frame is sent, always with the same bytes (§6.2). From the shortest timeout on, that takes 16.3 s. */
const MAX_SENDS = 8;

/** The least time a peer has for its UTACK, over all sendings: boards acknowledge only in `maintain()`. */
const PATIENCE_MS = 16_000;

/**
 * This many retransmissions of a fragment do not back off: a board gives a whole message 10 reads of 50 ms, and a
 * fragment that comes later costs the session (§6.3).
 */
const URGENT_REPEATS = 3;

/** The factor by which a wait is lengthened, step by step, until the remaining waits fill `PATIENCE_MS`. */
const STRETCH = 1.1;

/** A frame that is sent for the first time. */
export interface Departure {
  /** Kept. Do not change them. */
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly seq: number;
  /** Keys that a UTACK of the frame may use; borrowed while the frame is in flight. */
  readonly keys: readonly Uint8Array[];
  /** Whether it is one of several frames of a message. */
  readonly isFragment: boolean;
  /** Whether it is such a frame, and not the first. */
  readonly isLater: boolean;
}

/** The frame that waits for its UTACK. */
interface InFlight extends Omit<Departure, "isLater"> {
  readonly firstSentAt: number;
  readonly lastSentAt: number;
  readonly sends: number;
  readonly dueAt: number;
}

/**
 * One direction of a datagram session: at most one frame in flight, retransmitted until its UTACK comes (§6.2).
 *
 *     idle --- send ---> in flight --- UTACK ---> idle
 *                        in flight --- timeout, up to 8 sendings ---> in flight, then the session is lost
 *                        in flight --- overdue, and the peer listens ---> in flight
 */
export class StopAndWaitArq {
  readonly #crypto: CryptoProvider;
  readonly #roundTrip: RttEstimator;
  #inFlight: InFlight | null = null;
  /** The expected UTACKs of the frame in flight; null until they are computed. */
  #utacks: readonly Uint8Array[] | null = null;
  #retransmissions = 0;
  /** A fragment was retransmitted without back-off, and nothing was measured since: the next message backs off. */
  #isDoubtful = false;

  /** `seedMs`: the handshake's round trip in milliseconds, or null. */
  constructor(crypto: CryptoProvider, seedMs: number | null = null) {
    this.#crypto = crypto;
    this.#roundTrip = new RttEstimator(seedMs);
  }

  get isIdle(): boolean {
    return this.#inFlight === null;
  }

  /** Bytes in flight. */
  get unackedBytes(): number {
    return this.#inFlight?.bytes.length ?? 0;
  }

  /** Retransmissions so far, of all frames. */
  get retransmissions(): number {
    return this.#retransmissions;
  }

  /** The smoothed round trip in milliseconds; null before a measurement. */
  get roundTripMs(): number | null {
    return this.#roundTrip.smoothedMs;
  }

  /** A frame leaves at `now`, for the first time. */
  send({ bytes, type, seq, keys, isFragment, isLater }: Departure, now: number): void {
    if (this.#isDoubtful && !isLater) {
      this.#isDoubtful = false;
      this.#roundTrip.backOff();
    }
    const sent = { firstSentAt: now, lastSentAt: now, sends: 1, dueAt: now + this.#firstWaitMs(isFragment, isLater) };
    this.#inFlight = { bytes, type, seq, keys, isFragment, ...sent };
    this.#utacks = null;
  }

  /** Computes the expected UTACKs while the frame is in flight. A flood of forged ones then costs no HMAC. */
  prepare(): void {
    const frame = this.#inFlight;
    if (frame === null) return;
    this.#utacks ??= frame.keys.map((key) => sealedUtack(this.#crypto, key, frame.type, frame.seq));
  }

  /** Takes a UTACK. Returns whether it acknowledges the frame in flight, which then is settled. Ignores any other. */
  acknowledge(utack: Utack, now: number): boolean {
    const frame = this.#inFlight;
    if (frame === null || utack.type !== frame.type || utack.seq !== frame.seq) return false;
    this.prepare();
    if (
      this.#utacks?.some(
        (right) => right.length === utack.bytes.length && this.#crypto.constantTimeEqual(right, utack.bytes),
      ) !== true
    )
      return false;
    if (frame.sends === 1) {
      this.#roundTrip.measured(now - frame.firstSentAt);
      this.#isDoubtful = false;
    }
    this.settle();
    return true;
  }

  /** Drops the frame in flight: another frame showed that it arrived, or it no longer matters. */
  settle(): void {
    this.#inFlight = null;
    this.#utacks = null;
  }

  /**
   * Returns the bytes to retransmit at `now` (do not change them), or null if nothing is due.
   * @throws what `lost` returns for the message, if the peer has had its 8 sendings.
   */
  resend(now: number, lost: (message: string) => UsmpError): Uint8Array | null {
    const frame = this.#inFlight;
    if (frame === null || now < frame.dueAt) return null;
    if (frame.sends === MAX_SENDS) {
      const elapsedMs = Math.round(now - frame.firstSentAt);
      throw lost(
        `the peer acknowledged none of ${MAX_SENDS} sendings over ${elapsedMs} ms: it is gone, does not read, or the network loses everything`,
      );
    }
    const isUrgent = frame.isFragment && frame.sends <= URGENT_REPEATS;
    if (isUrgent) this.#isDoubtful = true;
    else this.#roundTrip.backOff();
    return this.#again(frame, now, isUrgent && frame.sends < URGENT_REPEATS);
  }

  /**
   * The peer listens at `now`, and may not when the next retransmission is due. Returns the bytes to retransmit (do not
   * change them), or null if the frame is not overdue, or if the remaining sendings would no longer fill `PATIENCE_MS`.
   */
  resendOverdue(now: number): Uint8Array | null {
    const frame = this.#inFlight;
    if (frame === null || now < frame.lastSentAt + this.#roundTrip.overdueMs || now >= frame.dueAt) return null;
    const mostLeftMs = (MAX_SENDS - frame.sends) * MAX_RTO_MS;
    if (now - frame.firstSentAt + mostLeftMs < PATIENCE_MS) return null;
    return this.#again(frame, now, false);
  }

  #firstWaitMs(isFragment: boolean, isLater: boolean): number {
    const { urgentMs, rtoMs } = this.#roundTrip;
    if (isLater) return urgentMs;
    // A board begins to read within a turn of its loop.
    return isFragment ? Math.max(urgentMs, MIN_RTO_MS) : rtoMs;
  }

  #again(frame: InFlight, now: number, isUrgent: boolean): Uint8Array {
    this.#retransmissions++;
    const sends = frame.sends + 1;
    const { urgentMs, rtoMs } = this.#roundTrip;
    const waitMs = isUrgent ? urgentMs : stretched(rtoMs, MAX_SENDS - sends + 1, frame.firstSentAt + PATIENCE_MS - now);
    this.#inFlight = { ...frame, sends, lastSentAt: now, dueAt: now + waitMs };
    return frame.bytes;
  }

  /** When `resend` has something to do; `Infinity` if nothing is in flight. */
  nextDeadline(): number {
    return this.#inFlight?.dueAt ?? Infinity;
  }
}

/** The first of `waits` waits, each twice the last: at least `waitMs`, and long enough that all fill `totalMs`. */
function stretched(waitMs: number, waits: number, totalMs: number): number {
  let first = waitMs;
  while (first < MAX_RTO_MS && sumOfWaits(first, waits) < totalMs) first *= STRETCH;
  return Math.min(first, MAX_RTO_MS);
}

function sumOfWaits(firstMs: number, waits: number): number {
  let sum = 0;
  for (let wait = 0; wait < waits; wait++) sum += Math.min(firstMs * 2 ** wait, MAX_RTO_MS);
  return sum;
}

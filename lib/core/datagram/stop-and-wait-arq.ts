import type { UsmpError } from "../../errors.js";
import type { CryptoProvider } from "../crypto-provider.js";
import { MIN_RTO_MS, MAX_RTO_MS } from "../handshake/retransmitter.js";
import { RttEstimator } from "./rtt-estimator.js";
import { sealedUtack, type Utack } from "../wire/utack.js";

/** §6: sendings of one frame, all with the same bytes. From the shortest timeout on that is 16.3 s of patience. */
export const MAX_SENDS = 8;

/** How long a peer has for its UTACK, over all sendings, at least: boards acknowledge only inside `maintain()`. */
const PATIENCE_MS = 16_000;

/**
 * So many repeats of a frame of a fragmented message wait no longer than the first: a board gives a whole message 10 reads of 50 ms, and
 * what comes later than that costs the session.
 */
const URGENT_REPEATS = 3;

/** How much longer a wait becomes at a time, until those that are left come to the patience. */
const STRETCH = 1.1;

/** A frame that is sent for the first time. */
export interface Departure {
  /** Kept, and not to be changed. */
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly seq: number;
  /** Those that the frame may be acknowledged under; borrowed, as they live while it is in flight. */
  readonly keys: readonly Uint8Array[];
  /** Whether it is one of several that make a message, and not the first of its message. */
  readonly isFragment: boolean;
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
 * One direction of a datagram session: at most one frame in flight, the same bytes again until its UTACK comes (§6).
 *
 *     idle --- send ---> in flight --- UTACK ---> idle
 *                        in flight --- timeout, up to 8 sendings ---> in flight, then the session is lost
 *                        in flight --- overdue, and the peer listens ---> in flight
 */
export class StopAndWaitArq {
  readonly #crypto: CryptoProvider;
  readonly #roundTrip: RttEstimator;
  #inFlight: InFlight | null = null;
  /** The right answers to it, once they were asked for. */
  #utacks: readonly Uint8Array[] | null = null;
  #retransmissions = 0;
  /** A frame of a fragmented message was repeated, and nothing was measured since: the next message backs off. */
  #isDoubtful = false;

  /** `seedMs`: the round trip as the handshake showed it, or null. */
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

  /** Sendings beyond the first, of all frames. */
  get retransmissions(): number {
    return this.#retransmissions;
  }

  /** The smoothed round trip in milliseconds, null before one was measured. */
  get roundTripMs(): number | null {
    return this.#roundTrip.smoothedMs;
  }

  /** A frame goes out now, for the first time. */
  send({ bytes, type, seq, keys, isFragment, isLater }: Departure, now: number): void {
    if (this.#isDoubtful && !isLater) {
      this.#isDoubtful = false;
      this.#roundTrip.backOff();
    }
    const sent = { firstSentAt: now, lastSentAt: now, sends: 1, dueAt: now + this.#firstWaitMs(isFragment, isLater) };
    this.#inFlight = { bytes, type, seq, keys, isFragment, ...sent };
    this.#utacks = null;
  }

  /** Makes the right answers ahead, while the frame is on its way. A flood of forged ones costs no HMAC then. */
  prepare(): void {
    const frame = this.#inFlight;
    if (frame === null) return;
    this.#utacks ??= frame.keys.map((key) => sealedUtack(this.#crypto, key, frame.type, frame.seq));
  }

  /** Whether `utack` acknowledges the frame in flight; then this is idle. Anything else is ignored. */
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

  /** The frame in flight needs no UTACK any more: something else told that it arrived, or that it does not count. */
  settle(): void {
    this.#inFlight = null;
    this.#utacks = null;
  }

  /**
   * The bytes to send again at `now` (not to be changed); null where nothing is due.
   * @throws what `lost` makes of the message, where the peer has had its 8 sendings.
   */
  resend(now: number, lost: (message: string) => UsmpError): Uint8Array | null {
    const frame = this.#inFlight;
    if (frame === null || now < frame.dueAt) return null;
    if (frame.sends === MAX_SENDS) {
      const elapsedMs = Math.round(now - frame.firstSentAt);
      throw lost(
        `the peer acknowledged nothing in ${MAX_SENDS} sendings over ${elapsedMs} ms: it is gone, does not read, or the network loses everything`,
      );
    }
    const isUrgent = frame.isFragment && frame.sends <= URGENT_REPEATS;
    if (isUrgent) this.#isDoubtful = true;
    else this.#roundTrip.backOff();
    return this.#again(frame, now, isUrgent && frame.sends < URGENT_REPEATS);
  }

  /**
   * The peer listens just now, which it may not do when the next repeat is due: the bytes to send again (not to be changed), null where
   * nothing is overdue. Never sooner than the round trip allows, nor so often that the patience would suffer.
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
    // A board has yet to begin reading, within a turn of its loop.
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

  /** When `resend` has something to do; `Infinity` where never. */
  nextDeadline(): number {
    return this.#inFlight?.dueAt ?? Infinity;
  }
}

/** The first of so many waits, each twice the one before: at least `waitMs`, and so long that all of them come to `totalMs`. */
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

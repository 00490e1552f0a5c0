import type { UsmpError } from "../errors.js";
import type { CryptoProvider } from "./crypto-provider.js";
import { RoundTrip } from "./round-trip.js";
import { sealedUtack, type Utack } from "./utack.js";

/** §6: sendings of one frame, all with the same bytes. From the shortest timeout on that is 16.3 s of patience. */
export const MOST_SENDS = 8;

/** The frame that waits for its UTACK. */
interface InFlight {
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly seq: number;
  /** Those that the frame may be acknowledged under; borrowed, as they live while it is in flight. */
  readonly keys: readonly Uint8Array[];
  readonly firstSentAt: number;
  readonly sends: number;
  readonly dueAt: number;
}

/**
 * One direction of a datagram session: at most one frame in flight, the same bytes again until its UTACK comes (§6).
 *
 *     idle --- send ---> in flight --- UTACK ---> idle
 *                        in flight --- timeout, up to 8 sendings ---> in flight, then the session is lost
 */
export class StopAndWait {
  readonly #crypto: CryptoProvider;
  readonly #roundTrip = new RoundTrip();
  #inFlight: InFlight | null = null;
  /** The right answers to it, once they were asked for. */
  #utacks: readonly Uint8Array[] | null = null;
  #retransmissions = 0;

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto;
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

  /** A frame (kept) goes out now, for the first time. `keys` (borrowed until it has settled) are those a UTACK may be made with. */
  send(bytes: Uint8Array, type: number, seq: number, keys: readonly Uint8Array[], now: number): void {
    this.#inFlight = { bytes, type, seq, keys, firstSentAt: now, sends: 1, dueAt: now + this.#roundTrip.rtoMs };
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
    if (frame.sends === 1) this.#roundTrip.measured(now - frame.firstSentAt);
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
    if (frame.sends === MOST_SENDS) {
      const elapsedMs = Math.round(now - frame.firstSentAt);
      throw lost(
        `the peer acknowledged nothing in ${MOST_SENDS} sendings over ${elapsedMs} ms: it is gone, does not read, or the network loses everything`,
      );
    }
    this.#roundTrip.backOff();
    this.#retransmissions++;
    this.#inFlight = { ...frame, sends: frame.sends + 1, dueAt: now + this.#roundTrip.rtoMs };
    return frame.bytes;
  }

  /** When `resend` has something to do; `Infinity` where never. */
  nextDeadline(): number {
    return this.#inFlight?.dueAt ?? Infinity;
  }
}

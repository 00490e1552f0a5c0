import type { Utack } from "../wire/utack.js";

/** The retransmission timeout before any measurement, and its bounds afterwards, in milliseconds (§6.2). */
export const FIRST_RTO_MS = 500;
export const MIN_RTO_MS = 100;
export const MAX_RTO_MS = 5_000;

/** A handshake datagram without a reply. */
export interface PendingFrame {
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly seq: number;
}

/**
 * Retransmits handshake datagrams until their reply comes (§6.4). The reply is the acknowledgement. A UTACK, which an
 * attacker can forge here, only lengthens the wait. The handshake's deadline ends it.
 */
export class HandshakeRetransmitter {
  #repeated: PendingFrame[] = [];
  #waitMs = FIRST_RTO_MS;
  #dueAt = Infinity;
  #acknowledged = false;
  #count = 0;
  #sentAt = 0;
  #wasRepeated = false;

  /** Retransmissions so far, of all datagrams. */
  get count(): number {
    return this.#count;
  }

  /** Retransmits these (kept), which were sent at `now`, instead of all before. */
  replace(repeated: PendingFrame[], now: number): void {
    this.#repeated = repeated;
    this.#sentAt = now;
    this.#wasRepeated = false;
    this.#waitMs = FIRST_RTO_MS;
    this.#acknowledged = false;
    this.#dueAt = repeated.length === 0 ? Infinity : now + this.#waitMs;
  }

  /** The round trip in milliseconds; null if the datagram was retransmitted, or more than one waits. */
  roundTripMs(now: number): number | null {
    return this.#repeated.length === 1 && !this.#wasRepeated ? now - this.#sentAt : null;
  }

  /** The peer has the datagram. Each wait is lengthened once: a flood of UTACKs must not stop retransmissions. */
  acknowledge({ type, seq }: Utack): void {
    if (this.#acknowledged || !this.#repeated.some((frame) => frame.type === type && frame.seq === seq)) return;
    this.#acknowledged = true;
    this.#dueAt += this.#waitMs;
  }

  /** The datagrams to retransmit at `now`. Do not change them. */
  take(now: number): Uint8Array[] {
    if (now < this.#dueAt) return [];
    this.#waitMs = Math.min(2 * this.#waitMs, MAX_RTO_MS);
    this.#acknowledged = false;
    this.#dueAt = now + this.#waitMs;
    this.#count += this.#repeated.length;
    this.#wasRepeated = true;
    return this.#repeated.map(({ bytes }) => bytes);
  }

  /** When `take` has something to retransmit; `Infinity` if nothing is pending. */
  nextDeadline(): number {
    return this.#dueAt;
  }
}

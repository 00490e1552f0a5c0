import { FIRST_RTO_MS, MAX_RTO_MS } from "./retransmission-timeout.js";
import type { Utack } from "../wire/utack.js";

/** A handshake datagram that no reply has come to yet. */
export interface PendingFrame {
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly seq: number;
}

/**
 * The handshake datagrams that are sent again until their reply comes (§6). The reply is the acknowledgement: a UTACK, which
 * anybody can forge here, only lengthens the wait. The handshake's own deadline ends it.
 */
export class HandshakeRetransmitter {
  #repeated: PendingFrame[] = [];
  #waitMs = FIRST_RTO_MS;
  #dueAt = Infinity;
  #acknowledged = false;
  #count = 0;
  #sentAt = 0;
  #wasRepeated = false;

  /** Sendings beyond the first, of all datagrams. */
  get count(): number {
    return this.#count;
  }

  /** These (kept) were sent now, and nothing else is repeated any more. */
  replace(repeated: PendingFrame[], now: number): void {
    this.#repeated = repeated;
    this.#sentAt = now;
    this.#wasRepeated = false;
    this.#waitMs = FIRST_RTO_MS;
    this.#acknowledged = false;
    this.#dueAt = repeated.length === 0 ? Infinity : now + this.#waitMs;
  }

  /** The round trip, where the reply to the one that waits has come; null where it was repeated, or more than one waits. */
  roundTripMs(now: number): number | null {
    return this.#repeated.length === 1 && !this.#wasRepeated ? now - this.#sentAt : null;
  }

  /** The peer has it, and works on its reply. Once for each wait: a flood of these must not put the repeat off for good. */
  acknowledge({ type, seq }: Utack): void {
    if (this.#acknowledged || !this.#repeated.some((frame) => frame.type === type && frame.seq === seq)) return;
    this.#acknowledged = true;
    this.#dueAt += this.#waitMs;
  }

  /** What to send again at `now` (not to be changed). */
  take(now: number): Uint8Array[] {
    if (now < this.#dueAt) return [];
    this.#waitMs = Math.min(2 * this.#waitMs, MAX_RTO_MS);
    this.#acknowledged = false;
    this.#dueAt = now + this.#waitMs;
    this.#count += this.#repeated.length;
    this.#wasRepeated = true;
    return this.#repeated.map(({ bytes }) => bytes);
  }

  /** When `take` has something; `Infinity` where never. */
  nextDeadline(): number {
    return this.#dueAt;
  }
}

import type { Clock, Timer } from "../core/clock.js";
import type { DatagramConditions } from "./memory-conditions.js";
import type { SeededRandom } from "./random.js";

const DEFAULT_REORDER_BY_MS = 20;

/** One end of a pair that carries datagrams: each arrives whole, or not at all. */
export class MemoryDatagramEnd {
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #conditions: DatagramConditions;
  readonly #peer: () => MemoryDatagramEnd;
  readonly #travelling = new Set<Timer>();
  #onDatagram: ((datagram: Uint8Array) => void) | undefined;
  #closed = false;

  constructor(clock: Clock, random: SeededRandom, conditions: DatagramConditions, peer: () => MemoryDatagramEnd) {
    this.#clock = clock;
    this.#random = random;
    this.#conditions = conditions;
    this.#peer = peer;
  }

  /** Sets who is told; what arrives before is lost, as on a socket nobody bound. Each datagram is borrowed for the call. */
  attach(onDatagram: (datagram: Uint8Array) => void): void {
    this.#onDatagram = onDatagram;
  }

  /** Sends one datagram. `bytes` is copied. No-op after `close`. */
  send(bytes: Uint8Array): void {
    if (this.#closed) return;
    const { loss = 0, duplicate = 0 } = this.#conditions;
    if (!this.#random.chance(loss)) this.#dispatch(bytes.slice());
    if (this.#random.chance(duplicate)) this.#dispatch(bytes.slice());
  }

  /** Delivers nothing more. What it had sent is lost too, so that no timer stays behind. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#travelling) timer.cancel();
    this.#travelling.clear();
  }

  #dispatch(datagram: Uint8Array): void {
    const { latencyMs = 0, jitterMs = 0, reorder = 0, reorderByMs = DEFAULT_REORDER_BY_MS } = this.#conditions;
    const heldBackMs = this.#random.chance(reorder) ? reorderByMs : 0;
    const delayMs = latencyMs + jitterMs * this.#random.next() + heldBackMs;
    const timer = this.#clock.after(delayMs, () => {
      this.#travelling.delete(timer);
      this.#peer().#deliver(datagram);
    });
    this.#travelling.add(timer);
  }

  #deliver(datagram: Uint8Array): void {
    if (!this.#closed) this.#onDatagram?.(datagram);
  }
}

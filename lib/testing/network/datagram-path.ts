import type { Clock, Timer } from "../../core/clock.js";
import type { DatagramConditions } from "./memory-conditions.js";
import type { SeededRandom } from "../../transport/random.js";

const DEFAULT_REORDER_BY_MS = 20;

/** One direction for datagrams in memory: each arrives whole, once, twice or not at all. */
export class DatagramPath {
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #travelling = new Set<Timer>();

  constructor(clock: Clock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Carries a copy of `bytes` under the present conditions; `deliver` runs for each copy that arrives, never
   * synchronously.
   */
  carry(bytes: Uint8Array, conditions: DatagramConditions, deliver: (datagram: Uint8Array) => void): void {
    const { loss = 0, duplicate = 0 } = conditions;
    if (!this.#random.chance(loss)) this.#dispatch(bytes, conditions, deliver);
    if (this.#random.chance(duplicate)) this.#dispatch(bytes, conditions, deliver);
  }

  /** Drops every datagram in flight, so that no timer is left. */
  clear(): void {
    for (const timer of this.#travelling) timer.cancel();
    this.#travelling.clear();
  }

  #dispatch(bytes: Uint8Array, conditions: DatagramConditions, deliver: (datagram: Uint8Array) => void): void {
    const { latencyMs = 0, jitterMs = 0, reorder = 0, reorderByMs = DEFAULT_REORDER_BY_MS } = conditions;
    const datagram = bytes.slice();
    const heldBackMs = this.#random.chance(reorder) ? reorderByMs : 0;
    const delayMs = latencyMs + jitterMs * this.#random.next() + heldBackMs;
    const timer = this.#clock.after(delayMs, () => {
      this.#travelling.delete(timer);
      deliver(datagram);
    });
    this.#travelling.add(timer);
  }
}

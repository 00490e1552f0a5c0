import type { Clock } from "../../core/clock.js";
import { DatagramPath } from "./datagram-path.js";
import type { DatagramConditions } from "./memory-conditions.js";
import type { SeededRandom } from "../../transport/random.js";

/** One end of a pair that carries datagrams: each arrives whole, or not at all. */
export class MemoryDatagramEnd {
  readonly #path: DatagramPath;
  readonly #conditions: DatagramConditions;
  readonly #peer: () => MemoryDatagramEnd;
  #onDatagram: ((datagram: Uint8Array) => void) | undefined;
  #closed = false;

  constructor(clock: Clock, random: SeededRandom, conditions: DatagramConditions, peer: () => MemoryDatagramEnd) {
    this.#path = new DatagramPath(clock, random);
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
    this.#path.carry(bytes, this.#conditions, (datagram) => this.#peer().#deliver(datagram));
  }

  /** Delivers nothing more. What it had sent is lost too, so that no timer stays behind. */
  close(): void {
    this.#closed = true;
    this.#path.clear();
  }

  #deliver(datagram: Uint8Array): void {
    if (!this.#closed) this.#onDatagram?.(datagram);
  }
}

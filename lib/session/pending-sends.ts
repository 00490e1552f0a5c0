import { Fifo } from "../core/fifo.js";
import type { UsmpError } from "../errors.js";

interface Pending {
  readonly message: Uint8Array;
  /** Up to where the connection has to settle; 0 before the message was sealed. */
  until: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Seals a message, and says up to where the connection has to settle for it to have left. */
type Seal = (message: Uint8Array) => number;

/** The `sendAsync` calls under way: those that wait for room, then those that wait for their message to leave; each in order. */
export class PendingSends {
  readonly #waiting = new Fifo<Pending>();
  readonly #leaving = new Fifo<Pending>();
  #waitingBytes = 0;

  /** Whether somebody waits for room: whoever comes later waits behind. */
  get anyWaits(): boolean {
    return this.#waiting.length > 0;
  }

  /** How much waits for room. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Waits (copied) until `runNext`. */
  waitForRoom(message: Uint8Array): Promise<void> {
    this.#waitingBytes += message.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message: Uint8Array.from(message), until: 0, resolve, reject });
    });
  }

  /** Seals now, and resolves when that is settled. */
  run(message: Uint8Array, seal: Seal): Promise<void> {
    return new Promise((resolve, reject) => this.#run({ message, until: 0, resolve, reject }, seal));
  }

  /** Seals the first that waits for room. */
  runNext(seal: Seal): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#waitingBytes -= next.message.length;
    this.#run(next, seal);
  }

  /** The connection has settled up to here. */
  settle(upTo: number): void {
    while ((this.#leaving.first?.until ?? Infinity) <= upTo) this.#leaving.shift()?.resolve();
  }

  /** There will be no room any more. */
  rejectWaiting(error: UsmpError): void {
    this.#waitingBytes = 0;
    for (const pending of this.#waiting.takeAll()) pending.reject(error);
  }

  /** Nothing leaves any more. */
  rejectAll(error: UsmpError): void {
    this.rejectWaiting(error);
    for (const pending of this.#leaving.takeAll()) pending.reject(error);
  }

  #run(pending: Pending, seal: Seal): void {
    try {
      pending.until = seal(pending.message);
    } catch (error) {
      pending.reject(error);
      return;
    }
    this.#leaving.push(pending);
  }
}

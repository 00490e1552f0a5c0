import type { SendTicket } from "../core/connection.js";
import { Fifo } from "../core/fifo.js";
import type { UsmpError } from "../errors.js";

interface Call {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Waiting extends Call {
  readonly message: Uint8Array;
}

interface Leaving extends Call {
  readonly ticket: SendTicket;
}

/** Hands a message (borrowed) to the connection. Throws what the connection's `send` throws. */
type Seal = (message: Uint8Array) => SendTicket;

/** The `sendAsync` calls under way: those that wait for room, then those that wait for their message to leave; each in order. */
export class PendingSends {
  readonly #waiting = new Fifo<Waiting>();
  readonly #leaving = new Fifo<Leaving>();
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
      this.#waiting.push({ message: Uint8Array.from(message), resolve, reject });
    });
  }

  /** Seals now, and resolves when that is settled. */
  run(message: Uint8Array, seal: Seal): Promise<void> {
    return new Promise((resolve, reject) => this.#run({ message, resolve, reject }, seal));
  }

  /** Seals the first that waits for room. */
  runNext(seal: Seal): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#waitingBytes -= next.message.length;
    this.#run(next, seal);
  }

  /** Resolves every call whose message has left: its ticket is at most `upTo`. */
  settle(upTo: SendTicket): void {
    while ((this.#leaving.first?.ticket ?? Infinity) <= upTo) this.#leaving.shift()?.resolve();
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

  #run({ message, resolve, reject }: Waiting, seal: Seal): void {
    try {
      this.#leaving.push({ ticket: seal(message), resolve, reject });
    } catch (error) {
      reject(error);
    }
  }
}

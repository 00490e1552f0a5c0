import type { SendTicket } from "../core/connection.js";
import { Fifo } from "../core/fifo.js";
import { UsmpError } from "../errors.js";

interface Call {
  readonly resolve: () => void;
  readonly reject: (error: UsmpError) => void;
}

interface Waiting extends Call {
  /** Null: nothing is sent, and the call waits for what was sent before. */
  readonly message: Uint8Array | null;
}

interface Leaving extends Call {
  readonly ticket: SendTicket;
}

/** Hands a message (borrowed) to the connection; null: returns the last ticket. Throws what the connection's `send` throws. */
type Seal = (message: Uint8Array | null) => SendTicket;

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

  /**
   * Waits (copied) until `runNext`. If `signal` aborts before that, the message is withdrawn and the call rejects with CLOSED;
   * `onWithdrawn` runs then.
   */
  waitForRoom(message: Uint8Array, signal?: AbortSignal, onWithdrawn?: () => void): Promise<void> {
    this.#waitingBytes += message.length;
    return new Promise((resolve, reject) => {
      const settle = (): void => signal?.removeEventListener("abort", withdraw);
      const waiting: Waiting = {
        message: Uint8Array.from(message),
        resolve: () => (settle(), resolve()),
        reject: (error) => (settle(), reject(error)),
      };
      const withdraw = (): void => {
        if (!this.#waiting.remove(waiting)) return;
        this.#waitingBytes -= message.length;
        waiting.reject(sendAborted(signal));
        onWithdrawn?.();
      };
      signal?.addEventListener("abort", withdraw);
      this.#waiting.push(waiting);
    });
  }

  /** Resolves when everything has left that was sent, or waits, before this call. */
  drain(seal: Seal): Promise<void> {
    if (!this.anyWaits) return this.run(null, seal);
    return new Promise((resolve, reject) => this.#waiting.push({ message: null, resolve, reject }));
  }

  /** Seals now, and resolves when that is settled. */
  run(message: Uint8Array | null, seal: Seal): Promise<void> {
    return new Promise((resolve, reject) => this.#run({ message, resolve, reject }, seal));
  }

  /** Seals the first that waits for room. */
  runNext(seal: Seal): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#waitingBytes -= next.message?.length ?? 0;
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
      reject(error as UsmpError);
    }
  }
}

/** The error of a send whose signal aborted before its message was accepted. */
export function sendAborted(signal: AbortSignal | undefined): UsmpError {
  return new UsmpError("CLOSED", "the send was aborted before its message was accepted", { cause: signal?.reason });
}

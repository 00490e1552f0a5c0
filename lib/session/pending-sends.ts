import type { SendTicket } from "../core/connection.js";
import { Fifo } from "../core/fifo.js";
import { UsmpError } from "../errors.js";

interface Call {
  readonly resolve: () => void;
  readonly reject: (error: UsmpError) => void;
}

interface Waiting extends Call {
  /** Null sends nothing: the call waits for the messages before it. */
  readonly message: Uint8Array | null;
}

interface Leaving extends Call {
  readonly ticket: SendTicket;
}

/**
 * Passes a message (borrowed) to the connection; for null, returns the last ticket. Throws as the connection's `send`
 * does.
 */
type Seal = (message: Uint8Array | null) => SendTicket;

/**
 * The `sendAsync` calls under way: those that wait for room, then those that wait for their message to leave, each in
 * order.
 */
export class PendingSends {
  readonly #waiting = new Fifo<Waiting>();
  readonly #leaving = new Fifo<Leaving>();
  #waitingBytes = 0;

  /** Whether a call waits for room: a later call has to wait behind it. */
  get anyWaits(): boolean {
    return this.#waiting.length > 0;
  }

  /** The bytes that wait for room. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * Queues a copy of the message until `runNext`. If `signal` aborts before that, the message is withdrawn, the call
   * rejects with CLOSED, and `onWithdrawn` runs.
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

  /** Resolves when every message that was sent, or waited, before this call has left. */
  drain(seal: Seal): Promise<void> {
    if (!this.anyWaits) return this.run(null, seal);
    return new Promise((resolve, reject) => this.#waiting.push({ message: null, resolve, reject }));
  }

  /** Seals the message now; resolves when its ticket is settled. */
  run(message: Uint8Array | null, seal: Seal): Promise<void> {
    return new Promise((resolve, reject) => this.#run({ message, resolve, reject }, seal));
  }

  /** Seals the first message that waits for room. */
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

  /** Rejects the calls that wait for room: none will come. */
  rejectWaiting(error: UsmpError): void {
    this.#waitingBytes = 0;
    for (const pending of this.#waiting.takeAll()) pending.reject(error);
  }

  /** Rejects all calls: no further message leaves. */
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

import { requireBytes, requireSignal } from "../core/arguments.js";
import { ownMembers } from "../core/own-members.js";
import type { Clock, Timer } from "../core/clock.js";
import { toUsmpError, UsmpError } from "../errors.js";
import { checkNumber } from "./options.js";

/** A reader that waits. */
interface Waiter {
  resolve(data: Uint8Array): void;
  reject(error: UsmpError): void;
}

export interface InboxOptions {
  readonly clock: Clock;
  /** Full at this many messages, */
  readonly maxMessages: number;
  /** or at this many bytes, whichever comes first. */
  readonly maxBytes: number;
  /** Gives a message to callbacks and listeners; false where there are none. */
  readonly deliver: (data: Uint8Array) => boolean;
  /** Reading should stop (true), or go on. */
  readonly onPressure: (full: boolean) => void;
  /** A message was dropped because nobody has ever shown interest; told once. */
  readonly onFirstDrop: (reason: UsmpError) => void;
}

export interface ReceiveOptions {
  /** Give up after this many milliseconds, with TIMEOUT. The default is to wait for ever. */
  readonly timeoutMs?: number | undefined;
  /** Give up when it aborts, with CLOSED and the signal's reason as `cause`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where verified messages wait for the application. Each goes once: to a waiting reader, else to callbacks and listeners,
 * else into the queue. Until somebody has shown interest a full queue drops its oldest, so that a device that only sends
 * does not stall on answers; from then on a full queue stops the reading.
 */
export class Inbox {
  readonly #options: InboxOptions;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #waiters: Waiter[] = [];
  #interested = false;
  #held = false;
  #flushing = false;
  #full = false;
  #dropped = 0;
  #ended: UsmpError | null = null;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** How many messages were dropped for want of interest. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many messages wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** Whether reading should stop. */
  get isFull(): boolean {
    return this.#full;
  }

  /** A message arrived. */
  put(data: Uint8Array): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve(data);
      return;
    }
    if (this.#queue.length === 0 && !this.#held && this.#options.deliver(data)) return;
    this.#queue.push(data);
    this.#queuedBytes += data.length;
    if (!this.#interested) this.#dropSurplus();
    this.#updatePressure();
  }

  /** Whether a message waits. Counts as interest. */
  available(): boolean {
    this.interest();
    return this.#queue.length > 0;
  }

  /** The oldest waiting message, or null. Counts as interest. */
  take(): Uint8Array | null {
    this.interest();
    const data = this.#queue.shift();
    if (data === undefined) return null;
    this.#queuedBytes -= data.length;
    this.#updatePressure();
    return data;
  }

  /** Copies the oldest waiting message into `into`, cut where it is too long; its copied length, 0 where none waits. */
  takeInto(into: Uint8Array): number {
    requireBytes("into", into);
    const data = this.take();
    if (data === null) return 0;
    const copied = data.subarray(0, into.length);
    into.set(copied);
    return copied.length;
  }

  /** The oldest waiting message as UTF-8 text, `""` where none waits. */
  takeString(): string {
    const data = this.take();
    return data === null ? "" : new TextDecoder().decode(data);
  }

  /**
   * The next message; queued ones also after the end.
   * Rejects with TIMEOUT, with CLOSED when aborted, with INVALID_ARG, or with the reason of the end.
   */
  receive(options?: ReceiveOptions): Promise<Uint8Array> {
    try {
      return this.#receive(receiveOptions(options));
    } catch (error) {
      return Promise.reject(toUsmpError(error));
    }
  }

  #receive({ timeoutMs, signal }: ReceiveOptions): Promise<Uint8Array> {
    if (signal?.aborted === true) return Promise.reject(aborted(signal));
    const data = this.take();
    if (data !== null) return Promise.resolve(data);
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      let timer: Timer | null = null;
      const settle = (): void => {
        timer?.cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter = {
        resolve: (message) => (settle(), resolve(message)),
        reject: (error) => (settle(), reject(error)),
      };
      const giveUp = (error: UsmpError): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        waiter.reject(error);
      };
      const onAbort = (): void => giveUp(aborted(signal as AbortSignal));
      signal?.addEventListener("abort", onAbort);
      if (timeoutMs !== undefined) {
        const late = new UsmpError("TIMEOUT", `no message within ${timeoutMs} ms`);
        timer = this.#options.clock.after(timeoutMs, () => giveUp(late));
      }
      this.#waiters.push(waiter);
    });
  }

  /** Somebody listens from now on; what waits is delivered soon, not within the caller's own call. */
  listen(): void {
    this.interest();
    queueMicrotask(() => this.flush());
  }

  /** Somebody wants the messages: a full queue stops the reading from now on. */
  interest(): void {
    this.#interested = true;
    this.#updatePressure();
  }

  /** Gives waiting messages to callbacks and listeners, as long as there are any. Within a delivery of its own a no-op. */
  flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      while (!this.#held && this.#flushNext()) this.#updatePressure();
    } finally {
      this.#flushing = false;
    }
  }

  /** Keeps messages back from callbacks and listeners until `release`. */
  hold(): void {
    this.#held = true;
    this.interest();
  }

  release(): void {
    this.#held = false;
    this.flush();
  }

  /** No more messages will come. Readers that wait are told why; what is queued can still be taken. */
  end(reason: UsmpError): void {
    this.#ended = reason;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(reason);
  }

  /** Whether a listener took the oldest message. It leaves the queue before: the listener itself may read from there. */
  #flushNext(): boolean {
    const data = this.#queue.shift();
    if (data === undefined) return false;
    this.#queuedBytes -= data.length;
    if (this.#options.deliver(data)) return true;
    // Nobody listens, so nothing has changed meanwhile.
    this.#queue.unshift(data);
    this.#queuedBytes += data.length;
    return false;
  }

  #dropSurplus(): void {
    while (this.#queue.length > this.#options.maxMessages || this.#queuedBytes > this.#options.maxBytes) {
      this.#queuedBytes -= this.#queue.shift()?.length ?? 0;
      if (this.#dropped++ === 0) this.#options.onFirstDrop(nobodyReads());
    }
  }

  #updatePressure(): void {
    const { maxMessages, maxBytes } = this.#options;
    const above = this.#queue.length >= maxMessages || this.#queuedBytes >= maxBytes;
    // Goes on at half, so that a slow reader does not make the link stop and go with every message.
    const below = this.#queue.length <= maxMessages / 2 && this.#queuedBytes <= maxBytes / 2;
    const full = this.#interested && (this.#full ? !below : above);
    if (full === this.#full) return;
    this.#full = full;
    this.#options.onPressure(full);
  }
}

/** How to wait for a message. @throws UsmpError INVALID_ARG naming what is wrong. */
export function receiveOptions(options: ReceiveOptions | undefined): ReceiveOptions {
  const own = ownMembers(options);
  requireSignal(own.signal);
  if (own.timeoutMs !== undefined) checkNumber("timeoutMs", own.timeoutMs, 0);
  return own;
}

function nobodyReads(): UsmpError {
  return new UsmpError(
    "BUFFER_FULL",
    "messages are dropped, the oldest first: set onMessage, or read, before they arrive",
  );
}

function aborted(signal: AbortSignal): UsmpError {
  return new UsmpError("CLOSED", "the wait was aborted", { cause: signal.reason });
}

import { requireBytes, requireSignal } from "../core/arguments.js";
import { ownMembers } from "../core/own-members.js";
import type { Clock, Timer } from "../core/clock.js";
import { toUsmpError, UsmpError } from "../errors.js";
import { checkNumber } from "./options.js";

/** The session that a message came on. */
export interface Receiver {
  /** Gives a message to callbacks and listeners; returns false if none takes it now. */
  deliver(data: Uint8Array): boolean;
}

interface Received<Session> {
  readonly data: Uint8Array;
  readonly session: Session;
}

/** A reader that waits for the next message of a session. */
interface Waiter<Session> {
  readonly session: Session;
  resolve(data: Uint8Array): void;
  reject(error: UsmpError): void;
}

interface InboxOptions {
  readonly clock: Clock;
  /** The inbox is full at this many messages, or at `maxBytes`, whichever comes first. */
  readonly maxMessages: number;
  /** The inbox is full at this many bytes, or at `maxMessages`, whichever comes first. */
  readonly maxBytes: number;
  /** Runs when the first message is dropped because the application has not shown interest yet. */
  readonly onFirstDrop: (reason: UsmpError) => void;
  /** Runs when a message came, before the message is delivered. */
  readonly onArrival?: (() => void) | undefined;
}

export interface ReceiveOptions {
  /** Gives up after this many milliseconds, with TIMEOUT. Default: waits for ever. */
  readonly timeoutMs?: number | undefined;
  /** Aborting it gives up, with CLOSED and the signal's reason as `cause`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Holds verified messages for the application, each with the session that it came on. A gateway's session has an inbox
 * of its own. A device has one inbox for all its sessions, so unread messages outlive their session.
 *
 * Each message is delivered once: to a waiting reader, else to callbacks and listeners, else into the queue. Before the
 * application has shown interest, a full queue drops its oldest message, so that a device that only sends does not
 * stall on answers. After that, a full queue stops the reading.
 */
export class Inbox<Session extends Receiver> {
  readonly #options: InboxOptions;
  readonly #queue: Received<Session>[] = [];
  #queuedBytes = 0;
  #waiters: Waiter<Session>[] = [];
  #interested = false;
  #held = false;
  #muted = false;
  #flushing = false;
  #full = false;
  #dropped = 0;
  #onFlow: () => void = () => {};

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** The number of messages that were dropped before the application showed interest. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many messages wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** The session of the oldest waiting message, or null. */
  get first(): Session | null {
    return this.#queue[0]?.session ?? null;
  }

  /** Whether the session should read from its link. */
  get hasRoom(): boolean {
    return !this.#full && !this.#held;
  }

  /** Runs `onFlow` whenever `hasRoom` changes. Replaces the previous `onFlow`: only one session at a time is read. */
  attach(onFlow: () => void): void {
    this.#onFlow = onFlow;
  }

  /** A message arrived. */
  put(data: Uint8Array, session: Session): void {
    this.#options.onArrival?.();
    const waiter = this.#waiters.length === 0 ? undefined : this.#takeWaiter(session);
    if (waiter !== undefined) {
      waiter.resolve(data);
      return;
    }
    if (this.#queue.length === 0 && !this.#held && !this.#muted && session.deliver(data)) return;
    this.#queue.push({ data, session });
    this.#queuedBytes += data.length;
    if (!this.#interested) this.#dropSurplus();
    this.#updateFull();
  }

  /** Returns whether a message waits; with `of`, a message of this session. Counts as interest. */
  available(of?: Session): boolean {
    this.interest();
    return this.#indexOf(of) >= 0;
  }

  /** How many messages of this session wait. */
  count(of: Session): number {
    return this.#queue.reduce((count, { session }) => (session === of ? count + 1 : count), 0);
  }

  /** Takes the oldest waiting message; null if none waits. Counts as interest. */
  take(of?: Session): Uint8Array | null {
    this.interest();
    const index = this.#indexOf(of);
    if (index < 0) return null;
    const received = index === 0 ? this.#queue.shift() : this.#queue.splice(index, 1)[0];
    this.#queuedBytes -= received?.data.length ?? 0;
    this.#updateFull();
    return received?.data ?? null;
  }

  /**
   * Copies the oldest waiting message into `into`, cut if it is too long. Returns the length copied, 0 if none waits.
   */
  takeInto(into: Uint8Array, of?: Session): number {
    requireBytes("into", into);
    const data = this.take(of);
    if (data === null) return 0;
    const copied = data.subarray(0, into.length);
    into.set(copied);
    return copied.length;
  }

  /** Takes the oldest waiting message as UTF-8 text; `""` if none waits. */
  takeString(of?: Session): string {
    const data = this.take(of);
    return data === null ? "" : new TextDecoder().decode(data);
  }

  /**
   * Resolves with the next message of a session; waiting messages can still be received after the session's end.
   * `ended` is the reason for the end, or null. Rejects with TIMEOUT, with CLOSED if aborted, with INVALID_ARG, or with
   * the reason for the end.
   */
  receive(of: Session, ended: UsmpError | null, options?: ReceiveOptions): Promise<Uint8Array> {
    try {
      return this.#receive(of, ended, receiveOptions(options));
    } catch (error) {
      return Promise.reject(toUsmpError(error));
    }
  }

  #receive(session: Session, ended: UsmpError | null, { timeoutMs, signal }: ReceiveOptions): Promise<Uint8Array> {
    if (signal?.aborted === true) return Promise.reject(waitAborted(signal));
    const data = this.take(session);
    if (data !== null) return Promise.resolve(data);
    if (ended !== null) return Promise.reject(ended);
    return new Promise((resolve, reject) => {
      let timer: Timer | null = null;
      const settle = (): void => {
        timer?.cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter<Session> = {
        session,
        resolve: (message) => (settle(), resolve(message)),
        reject: (error) => (settle(), reject(error)),
      };
      const giveUp = (error: UsmpError): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        waiter.reject(error);
      };
      const onAbort = (): void => giveUp(waitAborted(signal));
      signal?.addEventListener("abort", onAbort);
      if (timeoutMs !== undefined) {
        const late = new UsmpError("TIMEOUT", `no message within ${timeoutMs} ms`);
        timer = this.#options.clock.after(timeoutMs, () => giveUp(late));
      }
      this.#waiters.push(waiter);
    });
  }

  /** Marks a new listener. Waiting messages are delivered soon, not within the caller's own call. */
  listen(): void {
    this.interest();
    queueMicrotask(() => this.flush());
  }

  /** Marks interest: a full queue stops the reading from now on. */
  interest(): void {
    if (this.#interested) return;
    this.#interested = true;
    this.#updateFull();
  }

  /**
   * Gives waiting messages to callbacks and listeners, until none takes the oldest. With `of`, only messages of this
   * session, also while muted. Does nothing if a listener calls it during a delivery.
   */
  flush(of?: Session): void {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      while (!this.#held && this.#flushNext(of)) this.#updateFull();
    } finally {
      this.#flushing = false;
    }
  }

  /** Withholds messages from callbacks and listeners, and stops the reading, until `release`. */
  hold(): void {
    this.#held = true;
    this.interest();
    this.#onFlow();
  }

  release(): void {
    this.#held = false;
    this.flush();
    this.#onFlow();
  }

  /** Withholds messages from callbacks and listeners until `unmute`. */
  mute(): void {
    this.#muted = true;
  }

  unmute(): void {
    this.#muted = false;
  }

  /** Rejects the readers of a session that has ended. Waiting messages can still be taken. */
  end(of: Session, reason: UsmpError): void {
    const ended = this.#waiters.filter(({ session }) => session === of);
    this.#waiters = this.#waiters.filter(({ session }) => session !== of);
    for (const waiter of ended) waiter.reject(reason);
  }

  #indexOf(of: Session | undefined): number {
    if (of === undefined || this.#queue[0]?.session === of) return this.#queue.length === 0 ? -1 : 0;
    return this.#queue.findIndex(({ session }) => session === of);
  }

  #takeWaiter(of: Session): Waiter<Session> | undefined {
    const index = this.#waiters.findIndex(({ session }) => session === of);
    return index < 0 ? undefined : this.#waiters.splice(index, 1)[0];
  }

  /**
   * Returns whether a listener took the oldest message. The message leaves the queue first, because the listener itself
   * may read from the queue.
   */
  #flushNext(of: Session | undefined): boolean {
    const first = this.#queue[0];
    if (first === undefined || (of === undefined ? this.#muted : first.session !== of)) return false;
    this.#queue.shift();
    this.#queuedBytes -= first.data.length;
    if (first.session.deliver(first.data)) return true;
    // No listener ran, so nothing has changed meanwhile.
    this.#queue.unshift(first);
    this.#queuedBytes += first.data.length;
    return false;
  }

  #dropSurplus(): void {
    while (this.#queue.length > this.#options.maxMessages || this.#queuedBytes > this.#options.maxBytes) {
      this.#queuedBytes -= this.#queue.shift()?.data.length ?? 0;
      if (this.#dropped++ === 0) this.#options.onFirstDrop(nobodyReads());
    }
  }

  #updateFull(): void {
    const { maxMessages, maxBytes } = this.#options;
    const above = this.#queue.length >= maxMessages || this.#queuedBytes >= maxBytes;
    // Resumes at half, so that a slow reader does not stop and start the link with every message.
    const below = this.#queue.length <= maxMessages / 2 && this.#queuedBytes <= maxBytes / 2;
    const full = this.#interested && (this.#full ? !below : above);
    if (full === this.#full) return;
    this.#full = full;
    this.#onFlow();
  }
}

/** Checks the options of a wait for a message. @throws UsmpError INVALID_ARG naming what is wrong. */
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

/** The error of a wait whose signal aborted. */
export function waitAborted(signal: AbortSignal | undefined): UsmpError {
  return new UsmpError("CLOSED", "the wait was aborted", { cause: signal?.reason });
}

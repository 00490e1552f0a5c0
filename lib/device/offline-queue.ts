import type { Clock, Timer } from "../core/clock.js";
import { UsmpError } from "../errors.js";
import { checkKnown, checkNumber, withDefaults, type Given } from "../session/options.js";

/** What happens if there is no room for a message. */
export type OverflowPolicy = "drop-oldest" | "drop-newest" | "reject";

/** The bounds of the messages that are held while there is no session. */
export interface OfflineQueueOptions {
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** Gives up a message that waited this many milliseconds; `Infinity` for never. */
  readonly ttlMs: number;
  /**
   * `drop-oldest` gives up the message that has waited longest. `drop-newest` gives up the new message (`send` still
   * returns true, and `dropped` follows). `reject` refuses the new message (`send` returns false).
   */
  readonly overflow: OverflowPolicy;
}

export const DEFAULT_OFFLINE_QUEUE: OfflineQueueOptions = {
  maxMessages: 100,
  maxBytes: 65_536,
  ttlMs: 60_000,
  overflow: "drop-oldest",
};

/** Completes the user's option; null if it is not given. @throws UsmpError INVALID_ARG naming what is wrong in it. */
export function parseOfflineQueue(given: Given<OfflineQueueOptions> | undefined): OfflineQueueOptions | null {
  if (given === undefined) return null;
  checkKnown(given, DEFAULT_OFFLINE_QUEUE);
  const options = withDefaults(DEFAULT_OFFLINE_QUEUE, given);
  checkOfflineQueue(options);
  return options;
}

const POLICIES: readonly OverflowPolicy[] = ["drop-oldest", "drop-newest", "reject"];

/** @throws UsmpError INVALID_ARG naming the option. */
function checkOfflineQueue(options: OfflineQueueOptions): void {
  checkNumber("offlineQueue.maxMessages", options.maxMessages, 1);
  checkNumber("offlineQueue.maxBytes", options.maxBytes, 1);
  checkNumber("offlineQueue.ttlMs", options.ttlMs, 1);
  if (!POLICIES.includes(options.overflow)) {
    const allowed = POLICIES.map((policy) => `"${policy}"`).join(", ");
    throw new UsmpError(
      "INVALID_ARG",
      `offlineQueue.overflow is ${JSON.stringify(options.overflow)}; allowed are ${allowed}`,
    );
  }
}

/** Callbacks for the outcome of a held message. */
interface Settle {
  /** The message is sealed and on its way. */
  sent(): void;
  /** The queue gave the message up. */
  dropped(reason: UsmpError): void;
}

interface Held {
  readonly message: Uint8Array;
  readonly expiresAt: number;
  readonly settle: Settle;
}

/** Holds messages in order while there is no session, up to a bound. Each is settled exactly once. */
export class OfflineQueue {
  readonly #options: OfflineQueueOptions;
  readonly #clock: Clock;
  #held: Held[] = [];
  #bytes = 0;
  #timer: Timer | null = null;
  #keepsProcess = true;

  constructor(options: OfflineQueueOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get length(): number {
    return this.#held.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Holds a copy of `message`. Returns a function that withdraws the message without settling it, and returns whether
   * it was still held.
   * @throws UsmpError BUFFER_FULL if the policy is "reject" and there is no room; nothing is settled then.
   */
  hold(message: Uint8Array, settle: Settle): () => boolean {
    const { maxMessages, maxBytes, ttlMs, overflow } = this.#options;
    const full = (): boolean => this.#held.length + 1 > maxMessages || this.#bytes + message.length > maxBytes;
    if (overflow === "drop-oldest") while (this.#held.length > 0 && full()) this.#drop(overflowed("newer ones came"));
    if (full()) {
      const reason = overflowed("there was no room");
      if (overflow === "reject") throw reason;
      settle.dropped(reason);
      return () => false;
    }
    const held = { message: Uint8Array.from(message), expiresAt: this.#clock.now() + ttlMs, settle };
    this.#held.push(held);
    this.#bytes += message.length;
    this.#arm();
    return () => this.#withdraw(held);
  }

  /** Passes held messages to `send`, in order, until it refuses one; that one stays the first. */
  flush(send: (message: Uint8Array) => boolean): void {
    for (let first = this.#held[0]; first !== undefined && send(first.message); first = this.#held[0]) {
      this.#shift();
      first.settle.sent();
    }
    this.#arm();
  }

  /** Gives up all messages. */
  clear(reason: UsmpError): void {
    while (this.#held.length > 0) this.#drop(reason);
    this.#arm();
  }

  unref(): void {
    this.#keepsProcess = false;
    this.#timer?.unref();
  }

  #withdraw(held: Held): boolean {
    const index = this.#held.indexOf(held);
    if (index < 0) return false;
    this.#held.splice(index, 1);
    this.#bytes -= held.message.length;
    this.#arm();
    return true;
  }

  #drop(reason: UsmpError): void {
    this.#shift()?.settle.dropped(reason);
  }

  #shift(): Held | undefined {
    const first = this.#held.shift();
    this.#bytes -= first?.message.length ?? 0;
    return first;
  }

  /** Sets one timer for the oldest message: all messages have the same lifetime, so the oldest expires first. */
  #arm(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const first = this.#held[0];
    if (first === undefined || first.expiresAt === Infinity) return;
    this.#timer = this.#clock.after(first.expiresAt - this.#clock.now(), () => {
      this.#timer = null;
      this.#expire();
    });
    if (!this.#keepsProcess) this.#timer.unref();
  }

  #expire(): void {
    const expired = new UsmpError("TIMEOUT", `the message waited ${this.#options.ttlMs} ms for a session`);
    while ((this.#held[0]?.expiresAt ?? Infinity) <= this.#clock.now()) this.#drop(expired);
    this.#arm();
  }
}

function overflowed(why: string): UsmpError {
  return new UsmpError("BUFFER_FULL", `the offline queue is full: ${why}`);
}

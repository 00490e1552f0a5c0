import type { Clock, Timer } from "../core/clock.js";

import { TimerQueue, type Due } from "./timer-queue.js";

/**
 * Time that stands still until `advance` moves it. Timers due at one time run in the order in which they were set.
 * Microtasks are let through between timers, so that code with promises behaves as under a real clock.
 */
export class SimulatedClock implements Clock {
  #now: number;
  readonly #queue = new TimerQueue();

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): Timer {
    const due: Due = this.#queue.add(this.#now + Math.max(delayMs, 0), callback);
    return { cancel: () => this.#queue.remove(due), unref: () => {} };
  }

  afterReadPass(callback: () => void): Timer {
    return this.after(0, callback);
  }

  /** How many timers are pending: what a closed endpoint must not leave behind. */
  get pending(): number {
    return this.#queue.size;
  }

  /** Moves time by `ms`, running what falls due on the way, each at its own time. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#queue.take(until); next !== null; next = this.#queue.take(until)) {
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    this.#now = until;
  }

  /** Moves time by `ms` at once, running nothing: a suspended laptop, or an event loop that stood still. */
  jump(ms: number): void {
    this.#now += ms;
  }
}

/** Lets promise chains finish: enough turns of the microtask queue for any chain in this library. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 32; turn++) await Promise.resolve();
}

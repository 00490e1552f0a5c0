import type { Clock, Timer } from "../core/clock.js";

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * Time that stands still until `advance` moves it. Timers due at one time run in the order in which they were set.
 * Microtasks are let through between timers, so that code with promises behaves as under a real clock.
 */
export class SimulatedClock implements Clock {
  #now: number;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry: Pending = { at: this.#now + Math.max(delayMs, 0), order: this.#order++, callback };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry), unref: () => {} };
  }

  afterReadPass(callback: () => void): Timer {
    return this.after(0, callback);
  }

  /** How many timers are pending: what a closed endpoint must not leave behind. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Moves time by `ms`, running what falls due on the way, each at its own time. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#pending.delete(next);
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

  #next(until: number): Pending | undefined {
    let first: Pending | undefined;
    for (const entry of this.#pending) {
      if (
        entry.at <= until &&
        (first === undefined || entry.at < first.at || (entry.at === first.at && entry.order < first.order))
      ) {
        first = entry;
      }
    }
    return first;
  }
}

/** Lets promise chains finish: enough turns of the microtask queue for any chain in this library. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 32; turn++) await Promise.resolve();
}

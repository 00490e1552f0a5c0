import type { Timer } from "../../core/clock.js";
import { systemClock } from "../../transport/system-clock.js";
import type { BoardClock } from "./board-clock.js";

/** At 1 ms a sketch that only polls would cost 4% of a core, all of it Node's timers. */
const TURN_MS = 2;
/** A loop that waits for something without await keeps it from happening, and Ctrl-C from ending it. */
const LONGEST_LOOK_MS = 10_000;
/** The time is looked at once in so many looks. */
const LOOKS_PER_CHECK = 1_024;

/** The real time. */
export class PcClock implements BoardClock {
  readonly turnMs = TURN_MS;
  readonly #longestLookMs: number;
  /** Looks since the event loop has been round, and when the first of them was. */
  #looks = 0;
  #lookingSince = 0;

  constructor(longestLookMs: number = LONGEST_LOOK_MS) {
    this.#longestLookMs = longestLookMs;
  }

  now(): number {
    return systemClock.now();
  }

  after(delayMs: number, callback: () => void): Timer {
    return systemClock.after(delayMs, callback);
  }

  afterReadPass(callback: () => void): Timer {
    return systemClock.afterReadPass(callback);
  }

  afterForSketch(delayMs: number, callback: () => void): Timer {
    // Node cuts fractions off, and a wait is never too short.
    return delayMs > 0 ? systemClock.after(Math.ceil(delayMs), callback) : systemClock.afterReadPass(callback);
  }

  afterPrecisely(delayMs: number, callback: () => void): Timer {
    const due = this.now() + delayMs;
    const round = (): Timer => systemClock.afterReadPass(() => (this.now() < due ? (timer = round()) : callback()));
    let timer = round();
    return { cancel: () => timer.cancel(), unref: () => timer.unref() };
  }

  polled(): void {
    if (this.#looks++ === 0) {
      this.#lookingSince = this.now();
      systemClock.afterReadPass(() => (this.#looks = 0)).unref();
    } else if (this.#looks % LOOKS_PER_CHECK === 0 && this.now() - this.#lookingSince > this.#longestLookMs) {
      this.#looks = 0;
      throw new Error(
        `looked for ${this.#longestLookMs} ms whether something changed, while nothing could: ` +
          "what waits in a loop must let others run, as in while (!usmp.connected()) await delay(1)",
      );
    }
  }

  stir(): void {
    // Real promises do not wait for anybody.
  }

  join(): () => void {
    return () => {};
  }
}

import type { Timer } from "../../core/clock.js";
import { systemClock } from "../../transport/system-clock.js";
import type { BoardClock } from "./board-clock.js";

/** At 1 ms a sketch that only polls would use 4 % of a core, all of it in Node's timers. */
const TURN_MS = 2;
/** A loop that polls without `await` blocks the event it polls for, and Ctrl-C. It ends after this time. */
const LONGEST_LOOK_MS = 10_000;
/** The real time is read once in this many polls. */
const LOOKS_PER_CHECK = 1_024;

/** The real time. */
export class PcClock implements BoardClock {
  readonly turnMs = TURN_MS;
  readonly #longestLookMs: number;
  /** Polls since the last turn of the event loop, and when the first of them was. */
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
    const call = new SketchCall(callback);
    // Node cuts off fractions, and a wait must not be too short.
    return call.startedBy(
      delayMs > 0 ? systemClock.after(Math.ceil(delayMs), call.due) : systemClock.afterReadPass(call.due),
    );
  }

  afterPrecisely(delayMs: number, callback: () => void): Timer {
    const call = new SketchCall(callback);
    const dueAt = this.now() + delayMs;
    const round = (): Timer =>
      call.startedBy(systemClock.afterReadPass(() => void (this.now() < dueAt ? round() : call.due())));
    return round();
  }

  polled(): void {
    if (this.#looks++ === 0) {
      this.#lookingSince = this.now();
      systemClock.afterReadPass(() => (this.#looks = 0)).unref();
    } else if (this.#looks % LOOKS_PER_CHECK === 0 && this.now() - this.#lookingSince > this.#longestLookMs) {
      this.#looks = 0;
      throw new Error(
        `looked for ${this.#longestLookMs} ms whether something changed, while nothing could: ` +
          "what waits in a loop must let others run, as in while (!usmp.alive()) await delay(1)",
      );
    }
  }

  stir(): void {
    // Real promises need no clock to run.
  }

  broken(): void {
    // Nothing moves the real time.
  }

  join(): () => void {
    return () => {};
  }
}

const NEXT_TURN = Promise.resolve();

/** Calls a sketch's code from a promise, so that the watchdog never ends one of Node's timers with the stack. */
class SketchCall implements Timer {
  readonly #callback: () => void;
  #timer: Timer | null = null;
  #isCancelled = false;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  startedBy(timer: Timer): this {
    this.#timer = timer;
    return this;
  }

  readonly due = (): void => void NEXT_TURN.then(this.#run);

  readonly #run = (): void => {
    if (!this.#isCancelled) this.#callback();
  };

  cancel(): void {
    this.#isCancelled = true;
    this.#timer?.cancel();
  }

  unref(): void {
    this.#timer?.unref();
  }
}

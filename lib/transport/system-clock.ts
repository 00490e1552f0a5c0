import type { Clock, Timer } from "../core/clock.js";

/** Node fires longer timers at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real, monotonic clock of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, callback) => new SystemTimer(delayMs, callback),
  afterReadPass(callback): Timer {
    const immediate = setImmediate(callback);
    return { cancel: () => clearImmediate(immediate), unref: () => void immediate.unref() };
  },
};

/** A timer of any length, in as many steps as Node needs. */
class SystemTimer implements Timer {
  #timer: NodeJS.Timeout;
  #keepsProcess = true;

  constructor(delayMs: number, callback: () => void) {
    this.#timer = this.#start(Math.max(delayMs, 0), callback);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  unref(): void {
    this.#keepsProcess = false;
    this.#timer.unref();
  }

  #start(delayMs: number, callback: () => void): NodeJS.Timeout {
    const left = delayMs - LONGEST_TIMER_MS;
    const timer =
      left > 0
        ? setTimeout(() => (this.#timer = this.#start(left, callback)), LONGEST_TIMER_MS)
        : setTimeout(callback, delayMs);
    if (!this.#keepsProcess) timer.unref();
    return timer;
  }
}

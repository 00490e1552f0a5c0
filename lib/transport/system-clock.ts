import type { Clock, Timer } from "../core/clock.js";

/** Node refuses longer timers and fires them at once instead; waiting in steps is left to the callers, who all re-arm. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real clock: monotonic, of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback): Timer {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS));
    return { cancel: () => clearTimeout(timer), unref: () => void timer.unref() };
  },
  afterReadPass(callback): Timer {
    const immediate = setImmediate(callback);
    return { cancel: () => clearImmediate(immediate), unref: () => void immediate.unref() };
  },
};

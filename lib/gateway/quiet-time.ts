import type { Clock, Timer } from "../core/clock.js";

/** Whoever was sent a CHALLENGE has answered by then, or is far away. */
const QUIET_AFTER_MS = 5;

/** Turns of the event loop in which no device is about to answer: after one has left, or when none has come for a while. */
export class QuietTime {
  readonly #clock: Clock;
  #quietFrom = -Infinity;
  /** What waits for quiet; each looks at the time again. */
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A device is about to answer. */
  disturb(): void {
    this.#quietFrom = this.#clock.now() + QUIET_AFTER_MS;
  }

  /** One has left: what follows begins with a connection that has to be opened first. */
  settle(): void {
    this.#quietFrom = -Infinity;
    for (const look of this.#waiting) look();
  }

  /** As {@link Clock.afterReadPass}, once it is quiet. It keeps no process alive. */
  afterReadPass(callback: () => void): Timer {
    let timer: Timer | null = null;
    const look = (): void => {
      timer?.cancel();
      const leftMs = this.#quietFrom - this.#clock.now();
      if (leftMs > 0) timer = this.#clock.after(leftMs, look);
      else {
        this.#waiting.delete(look);
        timer = this.#clock.afterReadPass(callback);
      }
      timer.unref();
    };
    const cancel = (): void => {
      this.#waiting.delete(look);
      timer?.cancel();
    };
    this.#waiting.add(look);
    look();
    return { cancel, unref: () => {} };
  }
}

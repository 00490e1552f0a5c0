import type { Clock, Timer } from "../core/clock.js";

/** Whoever was sent a CHALLENGE has answered by then, or is far away. */
const QUIET_AFTER_MS = 5;

/** Turns of the event loop in which no device is about to answer: after one has left, or when none has come for a while. */
export class QuietTime {
  readonly #clock: Clock;
  #quietFrom = -Infinity;
  #callback: (() => void) | null = null;
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A device is about to answer. */
  disturb(): void {
    this.#quietFrom = this.#clock.now() + QUIET_AFTER_MS;
  }

  /** One has left: what follows begins with a connection that has to be opened first. */
  settle(): void {
    if (this.#quietFrom === -Infinity) return;
    this.#quietFrom = -Infinity;
    if (this.#callback === null) return;
    this.#timer?.cancel();
    this.#wait(this.#callback);
  }

  /** As {@link Clock.afterReadPass}, once it is quiet. For one callback at a time; it keeps no process alive. */
  afterReadPass(callback: () => void): Timer {
    this.#callback = callback;
    this.#wait(callback);
    return { cancel: this.#cancel, unref: () => {} };
  }

  readonly #cancel = (): void => {
    this.#callback = null;
    this.#timer?.cancel();
  };

  #wait(callback: () => void): void {
    const leftMs = this.#quietFrom - this.#clock.now();
    if (leftMs > 0) this.#timer = this.#clock.after(leftMs, () => this.#wait(callback));
    else {
      this.#callback = null;
      this.#timer = this.#clock.afterReadPass(callback);
    }
    this.#timer.unref();
  }
}

/** Time as an argument. The core gets numbers only; drivers and transports use the whole interface. */

/** A pending call. */
export interface Timer {
  /** Harmless if it has run or was cancelled. */
  cancel(): void;
  /** Lets the process end while this timer is pending. */
  unref(): void;
}

export interface Clock {
  /** Milliseconds on a monotonic scale with an arbitrary zero. Wall-clock jumps do not affect it. */
  now(): number;
  /** Runs `callback` once, after at least `delayMs` milliseconds. Never synchronously. */
  after(delayMs: number, callback: () => void): Timer;
  /** Runs `callback` after the event loop has read from its sockets once more. */
  afterReadPass(callback: () => void): Timer;
}

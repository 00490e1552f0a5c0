/** Time as an argument: the core only ever gets numbers from it, drivers and transports get the whole interface. */

/** A pending call. Cancelling twice, or after it ran, is harmless. */
export interface Timer {
  cancel(): void;
  /** Lets the process end while this timer is pending. */
  unref(): void;
}

export interface Clock {
  /** Milliseconds on a monotonic scale with an arbitrary zero: wall-clock jumps do not show. */
  now(): number;
  /** Runs `callback` once, `delayMs` from now or somewhat later; never synchronously. */
  after(delayMs: number, callback: () => void): Timer;
  /** Runs `callback` after the event loop has read from its sockets once more. */
  afterReadPass(callback: () => void): Timer;
}

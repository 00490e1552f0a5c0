import type { Clock, Timer } from "../../core/clock.js";

/** A sketch whose code a fake clock lets run to its next wait before it moves the time. */
export interface Resident {
  /** Whether it waits for the time to move. */
  readonly rests: boolean;
  /** Why it ended, if it failed: reported to the caller that moves the time. */
  readonly failure: Error | null;
}

/**
 * A board's time. Sketches wait often and briefly, so they have methods of their own, which a fake clock makes cheap.
 */
export interface BoardClock extends Clock {
  /** Milliseconds between turns of `loop` if it does not wait and nothing happens on the network. */
  readonly turnMs: number;
  /** As `after`, for a turn of a sketch or the end of its wait; 0 means after one turn of the event loop. */
  afterForSketch(delayMs: number, callback: () => void): Timer;
  /** As `afterForSketch`, exact to a fraction of a millisecond. Use it rarely: it may keep a core busy. */
  afterPrecisely(delayMs: number, callback: () => void): Timer;
  /** A sketch polled for a change. @throws Error from a fake clock, if it polls without end */
  polled(): void;
  /** Promises other than the sketch's have work to do: a fake clock stands still until they have run. */
  stir(): void;
  /** The watchdog ended the call that moved a fake clock, because of a sketch in it that failed. */
  broken(): void;
  /**
   * A fake clock stands still while `resident` does not rest, and reports its failure. Ends when the returned function
   * is called.
   */
  join(resident: Resident): () => void;
}

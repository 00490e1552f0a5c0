import type { Clock, Timer } from "../../core/clock.js";

/** Somebody for whom time has to wait: a sketch that runs between two of its waits. */
export interface Resident {
  /** Whether it waits for time to go on. */
  readonly rests: boolean;
  /** Why it ended, where it failed: whoever moves the time is told. */
  readonly failure: Error | null;
}

/** A board's time. Sketches wait often and briefly, so they have calls of their own, which a fake clock makes cheap. */
export interface BoardClock extends Clock {
  /** From one turn of `loop` to the next, where it does not wait and nothing happens on the network. */
  readonly turnMs: number;
  /** As `after`, for a turn of a sketch or the end of its wait; 0: as soon as the event loop has been round once. */
  afterForSketch(delayMs: number, callback: () => void): Timer;
  /** As `afterForSketch`, to the fraction of a millisecond; for a few of them, as it may keep a processor busy. */
  afterPrecisely(delayMs: number, callback: () => void): Timer;
  /** A sketch looked whether something changed. @throws Error from a fake clock, where that goes on without end */
  polled(): void;
  /** Something goes on beside the sketch, in promises: a fake clock stands still until it is through. */
  stir(): void;
  /** What moved a fake clock was ended in the midst of it, by the sketch that this names as failed. */
  broken(): void;
  /** A fake clock stands still while `resident` does not rest, and tells of its failure. Returns what ends that. */
  join(resident: Resident): () => void;
}

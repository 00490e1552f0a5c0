/** What a turn uses up: on an average there is no more than one a millisecond. */
const TURN_MS = 1;
/** Turns that were left out are saved up, for bursts of what comes over the network. */
const MAX_SAVED_TURNS = 10;

/** When turns of `loop` may start. Times are in milliseconds. */
export class TurnPace {
  readonly #turnMs: number;
  readonly #ownMs: () => number;
  #startedAt = -Infinity;
  /** Until when the turns so far have used up the time. */
  #usedUntil = -Infinity;

  /**
   * `turnMs`: from one turn to the next at least, where nothing happens meanwhile. `ownMs`: what the code of a turn takes
   * beside its waits; 0 where time passes by itself.
   */
  constructor(turnMs: number, ownMs: () => number = () => 0) {
    this.#turnMs = turnMs;
    this.#ownMs = ownMs;
  }

  started(now: number): void {
    this.#startedAt = now;
    this.#usedUntil = Math.max(this.#usedUntil, now - MAX_SAVED_TURNS * TURN_MS) + TURN_MS;
  }

  /** How long after `now` the next turn is due, where nothing happens meanwhile. */
  dueIn(now: number): number {
    return Math.max(this.#startedAt + this.#turnMs - now, this.#ownMs());
  }

  /** How long after `now` the next turn may start, where something happened. */
  hurriedIn(now: number): number {
    return Math.max(this.#usedUntil - now, 0);
  }
}

/** Milliseconds that a turn uses up: there is at most one turn a millisecond on average. */
const TURN_MS = 1;
/** Unused turns are saved up, for bursts on the network. */
const MAX_SAVED_TURNS = 10;

/** When turns of `loop` may start. Times are in milliseconds. */
export class TurnPace {
  readonly #turnMs: number;
  readonly #ownMs: () => number;
  #startedAt = -Infinity;
  /** The time up to which past turns have used up the time. */
  #usedUntil = -Infinity;

  /**
   * `turnMs`: the least time between turns if nothing happens meanwhile. `ownMs`: the time that a turn's own code
   * takes, in addition to its waits; 0 if real time passes.
   */
  constructor(turnMs: number, ownMs: () => number = () => 0) {
    this.#turnMs = turnMs;
    this.#ownMs = ownMs;
  }

  started(now: number): void {
    this.#startedAt = now;
    this.#usedUntil = Math.max(this.#usedUntil, now - MAX_SAVED_TURNS * TURN_MS) + TURN_MS;
  }

  /** How long after `now` the next turn is due if nothing happens meanwhile. */
  dueIn(now: number): number {
    return Math.max(this.#startedAt + this.#turnMs - now, this.#ownMs());
  }

  /** How long after `now` the next turn may start if something happened. */
  hurriedIn(now: number): number {
    return Math.max(this.#usedUntil - now, 0);
  }
}

import { requireFunction, requireNumber } from "../core/arguments.js";
import type { BoardClock, Resident } from "../arduino/board/board-clock.js";
import type { Timer } from "../core/clock.js";
import { type Due, TimerQueue } from "./timer-queue.js";

/** Turns of the microtask queue that are enough for any chain of promises in this library. */
const LONGEST_CHAIN = 32;
/** Awaiting this lets the microtask queue run one turn. */
const NEXT_TURN = Promise.resolve();
/** Turns in which a sketch has to reach its next wait; time moves without a sketch that takes longer. */
const MAX_TURNS = 256;

/** More polls at one moment of time than any sketch needs, unless it would poll forever. */
const MAX_POLLS = 1_000_000;

/**
 * Time that stands still until it is moved, for virtual boards and what is connected to them. Timers due at the same
 * time run in the order in which they were set. While sketches only wait and poll, simulated hours take a second:
 * the clock lets chains of promises run to their end only if something else happened, too, or if a sketch has not
 * reached its next wait.
 */
export class VirtualClock implements BoardClock {
  readonly turnMs = 1;
  #now: number;
  readonly #queue = new TimerQueue();
  readonly #residents = new Set<Resident>();
  #stirred = true;
  #moving = false;
  /** Rejects the promise that the test awaits. */
  #giveUp: (error: Error) => void = () => {};
  #polls = 0;

  constructor(startMs = 0) {
    requireNumber("startMs", startMs);
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): Timer {
    requireNumber("delayMs", delayMs);
    requireFunction("callback", callback);
    this.#stirred = true;
    return this.afterForSketch(delayMs, () => {
      this.#stirred = true;
      callback();
    });
  }

  afterForSketch(delayMs: number, callback: () => void): Timer {
    return new VirtualTimer(this.#queue, this.#queue.add(delayMs > 0 ? this.#now + delayMs : this.#now, callback));
  }

  afterPrecisely(delayMs: number, callback: () => void): Timer {
    return this.afterForSketch(delayMs, callback);
  }

  afterReadPass(callback: () => void): Timer {
    return this.after(0, callback);
  }

  polled(): void {
    if (++this.#polls < MAX_POLLS) return;
    this.#polls = 0;
    throw new Error(
      `looked ${MAX_POLLS} times whether something changed, while time stands still: ` +
        "what waits in a loop must let time go on, as in while (millis() < until) await delay(1)",
    );
  }

  stir(): void {
    this.#stirred = true;
  }

  join(resident: Resident): () => void {
    this.#residents.add(resident);
    return () => this.#residents.delete(resident);
  }

  /** How many timers are pending. */
  get pending(): number {
    return this.#queue.size;
  }

  broken(): void {
    this.#moving = false;
    for (const { failure } of this.#residents) if (failure !== null) this.#giveUp(failure);
  }

  /** Runs `first`, then everything that can run before time moves. Rejects with the error of a sketch that failed. */
  settle(first: () => void = () => {}): Promise<void> {
    return this.#unlessBroken(async () => {
      await NEXT_TURN;
      first();
      await this.#settle();
    });
  }

  /**
   * Moves time by `ms` milliseconds, and runs the timers due on the way. Rejects with the error of a sketch that failed
   * meanwhile, or with RangeError if `ms` is negative or infinite.
   */
  advance(ms: number): Promise<void> {
    return this.#unlessBroken(async () => {
      const until = this.#after("ms", ms);
      await this.#move(until, () => false);
      this.#now = until;
    });
  }

  /**
   * Moves time by `ms` milliseconds at once and runs nothing, as if a laptop was suspended or the event loop was
   * blocked.
   */
  jump(ms: number): void {
    this.#now = this.#after("ms", ms);
  }

  /** Moves time until `done()` returns true, by at most `limitMs`. Resolves with whether it did. */
  advanceUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    return this.#unlessBroken(async () => {
      requireFunction("done", done);
      const until = this.#after("limitMs", limitMs);
      if (await this.#move(until, done)) return true;
      this.#now = until;
      return false;
    });
  }

  /**
   * Runs `move`, which never settles if the watchdog ends a sketch's code within it: `move` was on the stack, too. Then
   * `broken` rejects the promise instead.
   */
  #unlessBroken<T>(move: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      move().then(resolve, reject);
    });
  }

  async #settle(): Promise<void> {
    this.#stirred = true;
    await this.#letThrough();
  }

  #after(name: string, ms: number): number {
    requireNumber(name, ms);
    if (ms >= 0 && ms < Infinity) return this.#now + ms;
    throw new RangeError(`time moves by 0 or more milliseconds, and not for ever: ${String(ms)} was given`);
  }

  async #move(until: number, done: () => boolean): Promise<boolean> {
    if (this.#moving) throw new Error("time is being moved already: await the advance() before");
    this.#moving = true;
    try {
      await this.#settle();
      while (!done()) {
        const next = this.#queue.take(until);
        if (next === null) return false;
        this.#now = Math.max(this.#now, next.at);
        this.#polls = 0;
        next.callback();
        // Lets the sketch's own promises advance by one turn.
        if (this.#isQuiet()) await NEXT_TURN;
        if (!this.#isQuiet()) await this.#letThrough();
      }
      return true;
    } finally {
      this.#moving = false;
    }
  }

  async #letThrough(): Promise<void> {
    let least = 0;
    for (let turn = 0; turn < least || this.#stirred || (turn < MAX_TURNS && !this.#isQuiet()); turn++) {
      if (this.#stirred) {
        this.#stirred = false;
        least = turn + LONGEST_CHAIN;
      }
      await NEXT_TURN;
    }
    for (const { failure } of this.#residents) if (failure !== null) throw failure;
  }

  /** Whether nothing can happen until time moves. */
  #isQuiet(): boolean {
    if (this.#stirred) return false;
    for (const resident of this.#residents) if (!resident.rests) return false;
    return true;
  }
}

/** A class for speed: a simulation creates millions per second. */
class VirtualTimer implements Timer {
  readonly #queue: TimerQueue;
  readonly #due: Due;

  constructor(queue: TimerQueue, due: Due) {
    this.#queue = queue;
    this.#due = due;
  }

  cancel(): void {
    this.#queue.remove(this.#due);
  }

  unref(): void {}
}

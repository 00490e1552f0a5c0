import { requireFunction, requireNumber } from "../core/arguments.js";
import type { BoardClock, Resident } from "../arduino/board/board-clock.js";
import type { Timer } from "../core/clock.js";
import { type Due, TimerQueue } from "./timer-queue.js";

/** Turns of the microtask queue that are enough for any chain of promises in this library. */
const LONGEST_CHAIN = 32;
/** What is awaited for the microtask queue to go round once. */
const NEXT_TURN = Promise.resolve();
/** Turns that a sketch gets to come to its next wait; one that awaits something of its own is left behind after them. */
const MAX_TURNS = 256;

/** Looks between two moments of time that no sketch needs, unless it would look for ever. */
const MAX_POLLS = 1_000_000;

/**
 * Time that stands still until it is moved, for virtual boards and what is connected to them. Timers due at one time run in
 * the order in which they were set. While sketches only wait and poll, hours pass in a second: promises are let through
 * where something else went on as well, and until each sketch waits again.
 */
export class VirtualClock implements BoardClock {
  readonly turnMs = 1;
  #now: number;
  readonly #queue = new TimerQueue();
  readonly #residents = new Set<Resident>();
  #stirred = true;
  #moving = false;
  /** Rejects what the test waits for. */
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

  /** Runs `first`, then lets everything run that can without time going on. Rejects with the error of a sketch that failed. */
  settle(first: () => void = () => {}): Promise<void> {
    return this.#unlessBroken(async () => {
      await NEXT_TURN;
      first();
      await this.#settle();
    });
  }

  /** Moves time by `ms`, running what falls due on the way. Rejects with the error of a sketch that failed meanwhile, and with RangeError for no such time. */
  advance(ms: number): Promise<void> {
    return this.#unlessBroken(async () => {
      const until = this.#after("ms", ms);
      await this.#move(until, () => false);
      this.#now = until;
    });
  }

  /** Moves time by `ms` at once and runs nothing, as if a laptop was suspended or the event loop stood still. */
  jump(ms: number): void {
    this.#now = this.#after("ms", ms);
  }

  /** Moves time until `done` holds, by at most `limitMs`; whether it does. */
  advanceUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    return this.#unlessBroken(async () => {
      requireFunction("done", done);
      const until = this.#after("limitMs", limitMs);
      if (await this.#move(until, done)) return true;
      this.#now = until;
      return false;
    });
  }

  /** As `move`, which never settles where a sketch's code was ended within it: it was on the stack, too. */
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
        // What the sketch itself has going on in promises gets on, step by step.
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

  /** Whether nothing goes on but time. */
  #isQuiet(): boolean {
    if (this.#stirred) return false;
    for (const resident of this.#residents) if (!resident.rests) return false;
    return true;
  }
}

/** A class, for its speed: millions are made in a second. */
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

import type { Timer } from "../../core/clock.js";
import type { Board } from "../board/board.js";
import type { Resident } from "../board/board-clock.js";
import type { WakeCause, WakeUp } from "../board/boot-cycle.js";
import { SketchBootCycle, type LifeEnd } from "./sketch-boot-cycle.js";
import type { Sketch } from "./sketch.js";
import type { SketchError } from "./sketch-error.js";

/** Milliseconds from a reset to `setup()`: short, but not 0, so that the time moves in a sketch that only restarts. */
const BOOT_MS = 1;

export type SketchState = "running" | "sleeping" | "ended";

type RunState =
  | { readonly name: "new" }
  | { readonly name: "running"; readonly life: SketchBootCycle }
  | { readonly name: "booting"; readonly timer: Timer }
  | { readonly name: "sleeping"; readonly wakeUp: WakeUp; readonly stopWaiting: () => void }
  | { readonly name: "ended"; readonly error: SketchError | null };

/**
 * A sketch on a board, life after life:
 *
 *     new -> running -> booting -> running ...        restart
 *            running -> sleeping -> booting ...       deep sleep
 *            ended from anywhere: power cut, stopped, failed
 */
export class SketchRun implements Resident {
  readonly #board: Board;
  readonly #sketch: Sketch;
  readonly #leave: () => void;
  readonly #onChange: () => void;
  #state: RunState = { name: "new" };
  #lives = 0;
  #closing: Promise<void> = Promise.resolve();

  /** `onChange` is called synchronously for each sleep, wake-up and end. */
  constructor(board: Board, sketch: Sketch, onChange: () => void = () => {}) {
    this.#board = board;
    this.#sketch = sketch;
    this.#onChange = onChange;
    this.#leave = board.clock.join(this);
  }

  get state(): SketchState {
    const { name } = this.#state;
    return name === "sleeping" || name === "ended" ? name : "running";
  }

  /** How many lives have begun. */
  get lives(): number {
    return this.#lives;
  }

  get rests(): boolean {
    return this.#state.name !== "running" || this.#state.life.rests;
  }

  get failure(): SketchError | null {
    return this.#state.name === "ended" ? this.#state.error : null;
  }

  /** Whether it sleeps without a timer to wake it. */
  get sleepsForGood(): boolean {
    return this.#state.name === "sleeping" && this.#state.wakeUp.afterUs === undefined;
  }

  /** Begins the first life. */
  start(): void {
    this.#begin("power");
  }

  /** Fails the sketch for an error that no other part reports. */
  fail(where: string, cause: unknown): void {
    if (this.#state.name === "running") this.#state.life.fail(where, cause);
  }

  /** Cuts the power: sessions end without BYE. */
  cutPower(): void {
    if (this.#state.name === "running") this.#state.life.drop();
    this.#end(null);
    this.#leave();
  }

  /** Ends in an orderly way. Resolves when everything that the sketch had open is closed. */
  async stop(): Promise<void> {
    if (this.#state.name !== "ended") {
      if (this.#state.name === "running") this.#closing = this.#state.life.close();
      this.#end(null);
    }
    this.#leave();
    await this.#closing;
  }

  #begin(cause: WakeCause): void {
    const life = new SketchBootCycle(this.#board, this.#sketch, (end) => this.#lifeEnded(life, end));
    this.#lives++;
    this.#state = { name: "running", life };
    this.#onChange();
    life.start(cause);
  }

  #lifeEnded(life: SketchBootCycle, end: LifeEnd): void {
    switch (end.kind) {
      case "restart":
        return this.#boot("restart");
      case "deep-sleep":
        return this.#sleep(end.wakeUp);
      case "failed":
        this.#closing = life.close();
        return this.#end(end.error);
    }
  }

  #boot(cause: WakeCause): void {
    const timer = this.#board.clock.afterForSketch(BOOT_MS, () => this.#begin(cause));
    this.#state = { name: "booting", timer };
  }

  #sleep(wakeUp: WakeUp): void {
    const { clock, pins } = this.#board;
    const wake = (cause: WakeCause): void => {
      stopWaiting();
      this.#boot(cause);
    };
    const { afterUs, pin } = wakeUp;
    const timer = afterUs === undefined ? null : clock.after(afterUs / 1_000, () => wake("timer"));
    const unwatch =
      pin === undefined
        ? null
        : pins.watch({ onLevel: (number, level) => number === pin.number && level === pin.level && wake("pin") });
    const stopWaiting = (): void => {
      timer?.cancel();
      unwatch?.();
    };
    this.#state = { name: "sleeping", wakeUp, stopWaiting };
    if (pin !== undefined && pins.level(pin.number) === pin.level) wake("pin");
    else this.#onChange();
  }

  #end(error: SketchError | null): void {
    if (this.#state.name === "ended") return;
    if (this.#state.name === "booting") this.#state.timer.cancel();
    if (this.#state.name === "sleeping") this.#state.stopWaiting();
    this.#state = { name: "ended", error };
    // The caller that moves a fake clock must get the error now, not when it moves the clock again.
    if (error !== null) this.#board.clock.stir();
    this.#onChange();
  }
}

import type { Timer } from "../../core/clock.js";
import { isThenable } from "../../core/kinds.js";
import type { Board } from "../board/board.js";
import { isWithin, runWithin } from "../board/current-board.js";
import type { BootCycle, LifeRequest, BootResource, WakeCause } from "../board/boot-cycle.js";
import { SketchEnded } from "../board/sketch-ended.js";
import type { SketchContext } from "../board/shared.js";
import { callSite, Trace, TraceBudget } from "./call-site.js";
import { beginSketch, type Sketch, type SketchFunctions } from "./sketch.js";
import { SketchError } from "./sketch-error.js";
import { TurnPace } from "./turn-pace.js";
import { Watchdog } from "./watchdog.js";

/** Node's own, even if a test fakes it. */
const { setImmediate } = globalThis;

/** How a sketch ends its own life. */
export type LifeEnd = LifeRequest | { readonly kind: "failed"; readonly error: SketchError };

/** What the sketch waits for, and where the wait began. */
interface Wait {
  readonly what: string;
  readonly trace: Trace | null;
  readonly timer: Timer | null;
}

/** The state of a life: its code runs or waits, it is between two turns, or it is over. */
type BootCycleState =
  { readonly name: "active" } | { readonly name: "between"; readonly timer: Timer } | { readonly name: "over" };

/**
 * One life of a sketch, from `setup()` through turns of `loop()`:
 *
 *     active (setup) -> between -> active (loop) -> between ...        over from anywhere, for good
 */
export class SketchBootCycle implements BootCycle {
  readonly #context: SketchContext;
  readonly #sketch: Sketch;
  readonly #onEnd: (end: LifeEnd) => void;
  readonly #resources = new Set<BootResource>();
  readonly #pace: TurnPace;
  readonly #traces = new TraceBudget();
  readonly #watchdog: Watchdog;
  #functions: SketchFunctions = {};
  #halting = false;
  #state: BootCycleState = { name: "active" };
  #wait: Wait | null = null;
  /** Something happened on the network while the sketch waited. */
  #hurries = false;
  #where = "what comes before setup()";
  /** The name of the callback that runs. */
  #callback: string | null = null;

  /** `onEnd` is called at most once, synchronously, if the sketch itself ends this life. */
  constructor(board: Board, sketch: Sketch, onEnd: (end: LifeEnd) => void) {
    this.#context = { board, life: this };
    this.#sketch = sketch;
    this.#pace = new TurnPace(board.turnMs, board.ownMs);
    this.#watchdog = new Watchdog(board.watchdogMs);
    this.#onEnd = onEnd;
  }

  get over(): boolean {
    return this.#state.name === "over";
  }

  /** Whether the sketch waits for the time to move. */
  get rests(): boolean {
    return this.#wait !== null || this.#state.name !== "active";
  }

  /** Boots the board, and runs `setup()` up to its first wait. */
  start(cause: WakeCause): void {
    this.#context.board.boot(this, cause);
    this.#watchdog.enter();
    runWithin(this.#context, () => {
      try {
        this.#functions = beginSketch(this.#sketch);
      } catch (error) {
        this.fail(this.#where, error);
        return;
      }
      this.#enter("setup()", this.#functions.setup);
    });
  }

  /** Ends this life as a loss of power does. */
  drop(): void {
    for (const resource of this.#finish()) resource.drop();
  }

  /** Ends this life in an orderly way. */
  async close(): Promise<void> {
    await Promise.all(this.#finish().map((resource) => resource.close()));
  }

  delay(delayMs: number, what: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#failsInCallback(what)) return;
      const timer = this.#context.board.clock.afterForSketch(Math.max(delayMs, 0), () => {
        this.#wait = null;
        this.#watchdog.enter();
        resolve();
      });
      this.#beginWait(what, timer);
    });
  }

  waitFor<T>(promise: Promise<T>, what: string): Promise<T> {
    return new Promise((resolve) => {
      if (this.#failsInCallback(what)) return;
      const wait = this.#beginWait(what, null);
      const settle = (): void => {
        if (wait !== null && this.#wait === wait) this.#wait = null;
        if (this.over) return;
        this.#watchdog.enter();
        resolve(promise);
      };
      promise.then(settle, settle);
    });
  }

  call<T>(where: string, callback: () => T): T {
    const outer = this.#callback;
    this.#callback = where;
    try {
      return callback();
    } finally {
      this.#callback = outer;
    }
  }

  interrupt(pin: number, handler: () => void): void {
    const where = `interrupt handler of pin ${pin}`;
    runWithin(this.#context, () => {
      try {
        this.call(where, handler);
      } catch (error) {
        this.fail(where, error);
      }
    });
    // If the sketch itself changed the pin, its code must not run after a handler that ended the life.
    if (this.over && isWithin(this.#context)) throw new SketchEnded();
  }

  end(request: LifeRequest): never {
    if (!this.over) {
      this.drop();
      this.#onEnd(request);
    }
    throw new SketchEnded();
  }

  fail(where: string, cause: unknown): void {
    // An error that Node makes of ended code is not a failure of the sketch.
    if (this.#halting) return;
    this.#fail(where, cause, callSite(cause));
  }

  halt(limitMs: number, site: string | null): void {
    this.#halting = true;
    const cause = new Error(
      `ran for ${limitMs} ms of CPU time without a wait, while nothing else could run: ` +
        "what waits in a loop must let others run, as in while (!done) await delay(1)",
    );
    setImmediate(() => {
      this.#fail(this.#callback ?? this.#where, cause, site);
      this.#context.board.clock.broken();
    });
  }

  own(resource: BootResource): () => void {
    this.#resources.add(resource);
    return () => this.#resources.delete(resource);
  }

  hurry(): void {
    if (this.#state.name === "between") {
      this.#state.timer.cancel();
      this.#pause(true);
    } else if (this.#wait !== null) {
      this.#hurries = true;
    }
  }

  readonly #turn = (): void => {
    this.#watchdog.enter();
    this.#pace.started(this.#context.board.clock.now());
    this.#state = { name: "active" };
    this.#hurries = false;
    runWithin(this.#context, () => this.#enter("loop()", this.#functions.loop));
  };

  #enter(where: string, code: SketchFunctions["loop"]): void {
    this.#where = where;
    try {
      const running: unknown = code?.();
      // An arrow function may return something that is not a promise.
      if (isThenable(running)) Promise.resolve(running).then(this.#left, (error: unknown) => this.fail(where, error));
      else this.#left();
    } catch (error) {
      this.fail(where, error);
    }
  }

  readonly #left = (): void => {
    if (this.over) return;
    if (this.#wait !== null) return this.#failForgotten(this.#wait);
    this.#pause(this.#hurries);
  };

  /** Waits for the next turn. */
  #pause(hurries: boolean): void {
    this.#watchdog.leave();
    const { clock } = this.#context.board;
    const now = clock.now();
    const timer = hurries
      ? clock.afterPrecisely(this.#pace.hurriedIn(now), this.#turn)
      : clock.afterForSketch(this.#pace.dueIn(now), this.#turn);
    this.#state = { name: "between", timer };
  }

  /** Null if there is nothing to wait for: this life is over, or the previous wait was not awaited. */
  #beginWait(what: string, timer: Timer | null): Wait | null {
    if (this.#wait !== null) this.#failForgotten(this.#wait);
    if (this.over) {
      timer?.cancel();
      return null;
    }
    this.#watchdog.leave();
    return (this.#wait = { what, timer, trace: this.#traces.take(what) });
  }

  /** Whether a callback begins the wait. A callback cannot wait, so this fails the sketch. */
  #failsInCallback(what: string): boolean {
    if (this.#callback === null) return false;
    const cause = new Error(`${what} waits, and a callback cannot: let it set a variable, and loop() do the rest`);
    this.#fail(this.#callback, cause, callSite(new Trace()));
    return true;
  }

  /**
   * A board does one thing after the other. If code of the sketch runs while a wait is pending, an `await` is missing.
   */
  #failForgotten({ what, trace }: Wait): void {
    const advice = `write "await ${what}", and await each function of yours that waits; a callback cannot wait`;
    this.#fail(this.#where, new Error(`went on while ${what} was still waiting: ${advice}`), trace && callSite(trace));
  }

  #fail(where: string, cause: unknown, site: string | null): void {
    if (this.over) return;
    const error = new SketchError(where, cause, { site, repeatedBy: this.#context.board.repeatedBy });
    // Not ended here: the owner of the life decides whether sessions are closed in an orderly way.
    this.#onEnd({ kind: "failed", error });
  }

  /** Ends all code of this life. Returns the resources that are still open. */
  #finish(): BootResource[] {
    if (this.#state.name === "between") this.#state.timer.cancel();
    this.#wait?.timer?.cancel();
    this.#wait = null;
    this.#watchdog.leave();
    this.#state = { name: "over" };
    this.#context.board.halt();
    const resources = [...this.#resources];
    this.#resources.clear();
    return resources;
  }
}

/**
 * Ends a sketch that computes without end, as in `while (!flag) {}`, by way of a thread that looks at the CPU time it uses:
 * nothing on the main thread could, as that loop never lets go of it.
 *
 * What V8 then ends is everything on the stack, without `catch` and `finally`. So sketch code is entered with nothing else on the
 * stack, from a promise: neither in the turn of a test that moves the time, nor in a timer of Node's.
 */
import { isMainThread, Worker } from "node:worker_threads";
import * as inspector from "node:inspector";
import { leaveSketch } from "../board/current-board.js";
import { shared, type WatchdogSlots } from "../board/shared.js";
import { callSite, Trace } from "./call-site.js";
import { WATCHDOG_THREAD } from "./watchdog-thread.js";

/** The name under which the thread finds {@link judge}. */
const HOOK = "usmp.arduino.watchdog";

const MAX_STRETCHES = 2 ** 31 - 1;

/** Where no sketch can be ended this way, sketches run unwatched. */
function startThread(): WatchdogSlots | null {
  if (!isMainThread || "Bun" in globalThis || "Deno" in globalThis || isDebugged()) return null;
  const numbers = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  try {
    // Not this program's loaders and flags: the thread needs nothing but Node.
    const workerData = { slots: numbers, hook: HOOK };
    new Worker(WATCHDOG_THREAD, { eval: true, workerData, execArgv: [], env: {} }).on("error", () => {}).unref();
  } catch {
    return null;
  }
  Reflect.set(globalThis, Symbol.for(HOOK), (stretch: number) => judge(stretch, numbers));
  return { numbers, last: 0 };
}

/** A person who steps through a sketch is no halt. */
function isDebugged(): boolean {
  try {
    return inspector.url() !== undefined;
  } catch {
    return false;
  }
}

/** The stretch that was ended last. */
let ended = 0;

/** Runs while the main thread is paused, on top of what it was doing: whether that is to be ended. */
function judge(stretch: number, numbers: Int32Array): boolean {
  if (Atomics.load(numbers, 0) !== stretch || isDebugged()) return false;
  if (stretch === ended) {
    // It did not end: V8 was in one of Node's own hooks. Whose code it is cannot be asked a second time.
    forgetAsyncStack();
    return true;
  }
  const context = leaveSketch();
  // A test may compute for as long as it likes, also while a sketch waits for a promise of its own.
  if (context === null || context.life.over) return false;
  const site = callSite(new Trace());
  forgetAsyncStack();
  ended = stretch;
  context.life.halt(Atomics.load(numbers, 1), site);
  return true;
}

/**
 * Up to Node 22 `AsyncLocalStorage` keeps a stack of its own, which is not unwound with the one that V8 ends; Node then stops the
 * process. There is no public way to clear it.
 */
function forgetAsyncStack(): void {
  if (Number.parseInt(process.versions.node, 10) >= 24) return;
  const { noDeprecation } = process;
  process.noDeprecation = true;
  try {
    const node = process as unknown as { binding(name: string): { clearAsyncIdStack(): void } };
    node.binding("async_wrap").clearAsyncIdStack();
  } finally {
    if (noDeprecation === undefined) Reflect.deleteProperty(process, "noDeprecation");
    else process.noDeprecation = noDeprecation;
  }
}

/** Watches one life of a sketch. */
export class Watchdog {
  readonly #limitMs: number;
  readonly #slots: WatchdogSlots | null;

  /** `limitMs`: the CPU time that sketch code may take from one wait to the next; 0: any. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#slots = limitMs > 0 && limitMs < Infinity ? (shared.watchdog ??= startThread()) : null;
  }

  /** Code of the sketch begins to run. */
  enter(): void {
    if (this.#slots === null) return;
    const { numbers, last } = this.#slots;
    this.#slots.last = last === MAX_STRETCHES ? 1 : last + 1;
    Atomics.store(numbers, 1, this.#limitMs);
    Atomics.store(numbers, 0, this.#slots.last);
  }

  /** It waits, or is between two turns. */
  leave(): void {
    if (this.#slots !== null) Atomics.store(this.#slots.numbers, 0, 0);
  }
}

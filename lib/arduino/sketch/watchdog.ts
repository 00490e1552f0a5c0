/**
 * Ends a sketch that computes without end, as in `while (!flag) {}`. A thread watches the CPU time that it uses,
 * because the loop keeps the main thread busy.
 *
 * V8 then ends everything on the stack, without running `catch` and `finally`. So sketch code has to be entered from a
 * promise, with nothing else on the stack: neither the turn of a test that moves the time, nor a timer of Node's.
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

/** Returns null if sketches cannot be ended this way: then they run unwatched. */
function startThread(): WatchdogSlots | null {
  if (!isMainThread || "Bun" in globalThis || "Deno" in globalThis || isDebugged()) return null;
  const numbers = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  try {
    // Without this program's loaders and flags: the thread needs only Node.
    const workerData = { slots: numbers, hook: HOOK };
    new Worker(WATCHDOG_THREAD, { eval: true, workerData, execArgv: [], env: {} }).on("error", () => {}).unref();
  } catch {
    return null;
  }
  Reflect.set(globalThis, Symbol.for(HOOK), (stretch: number) => judge(stretch, numbers));
  return { numbers, last: 0 };
}

/** A sketch that stands in a debugger does not halt. */
function isDebugged(): boolean {
  try {
    return inspector.url() !== undefined;
  } catch {
    return false;
  }
}

/** The number of the stretch that was ended last. */
let ended = 0;

/** Runs while the main thread is paused, on its stack. Returns whether to end the code below. */
function judge(stretch: number, numbers: Int32Array): boolean {
  if (Atomics.load(numbers, 0) !== stretch || isDebugged()) return false;
  if (stretch === ended) {
    // It did not end, because V8 was in one of Node's own hooks. Its owner cannot be determined a second time.
    forgetAsyncStack();
    return true;
  }
  const context = leaveSketch();
  // A test may compute for any time, even while a sketch waits for a promise of its own.
  if (context === null || context.life.over) return false;
  const site = callSite(new Trace());
  forgetAsyncStack();
  ended = stretch;
  context.life.halt(Atomics.load(numbers, 1), site);
  return true;
}

/**
 * Up to Node 22 `AsyncLocalStorage` keeps a stack of its own. It is not unwound when V8 ends the code, and then Node
 * stops the process. There is no public way to clear it.
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

  /** `limitMs`: the CPU time that sketch code may use from one wait to the next; 0 for any. */
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

  /** Code of the sketch has begun to wait, or its turn is over. */
  leave(): void {
    if (this.#slots !== null) Atomics.store(this.#slots.numbers, 0, 0);
  }
}

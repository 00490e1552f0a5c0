import type { AsyncLocalStorage } from "node:async_hooks";

import type { Board } from "./board.js";
import type { BootCycle } from "./boot-cycle.js";

/** The life and the board whose code is running. */
export interface SketchContext {
  readonly board: Board;
  readonly life: BootCycle;
}

/** What the watchdog's thread sees of the running stretch of sketch code: its number and its limit. */
export interface WatchdogSlots {
  readonly numbers: Int32Array;
  /** The number that was used last. */
  last: number;
}

/**
 * State that all copies of this library in a process share. If a test loads it by `require` and its sketch by `import`,
 * there are two copies. Without this, the sketch would not find its board and would run on this computer.
 */
export interface Shared {
  contexts?: AsyncLocalStorage<SketchContext>;
  /** The slots of the watchdog's thread; null if it could not be started. */
  watchdog?: WatchdogSlots | null;
  /** This computer as a board. */
  pcBoard?: Board;
  /** Work to do in each copy before a sketch runs on simulated time, which cannot wait for it. */
  readonly preparations: Set<() => Promise<unknown>>;
}

const SHARED = Symbol.for("usmp.arduino.shared");
const holder = globalThis as { [SHARED]?: Shared | undefined };

/** The same object in every copy. */
export const shared: Shared = (holder[SHARED] ??= { preparations: new Set() });

import type { AsyncLocalStorage } from "node:async_hooks";

import type { Board } from "./board.js";
import type { BootCycle } from "./boot-cycle.js";

/** Whose code is running. */
export interface SketchContext {
  readonly board: Board;
  readonly life: BootCycle;
}

/** Stretches of sketch code, as the thread that watches them sees them: the number of the one that runs, and its limit. */
export interface WatchdogSlots {
  readonly numbers: Int32Array;
  /** The number that was given last. */
  last: number;
}

/**
 * What all copies of this library in a process have in common. Where a test comes to it by `require` and its sketch by
 * `import` there are two; without this the sketch would not find its board, and run on this computer.
 */
export interface Shared {
  contexts?: AsyncLocalStorage<SketchContext>;
  /** The thread that watches sketches, and what it looks at; null where it could not be started. */
  watchdog?: WatchdogSlots | null;
  /** This computer as a board. */
  pcBoard?: Board;
  /** What has to be done in each copy before a sketch runs on simulated time, as that cannot wait for it. */
  readonly preparations: Set<() => Promise<unknown>>;
}

const SHARED = Symbol.for("usmp.arduino.shared");
const holder = globalThis as { [SHARED]?: Shared | undefined };

/** Whatever copy this is: the same object. */
export const shared: Shared = (holder[SHARED] ??= { preparations: new Set() });

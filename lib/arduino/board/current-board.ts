import { AsyncLocalStorage } from "node:async_hooks";

import type { Board } from "./board.js";
import { SketchEnded } from "./sketch-ended.js";
import { createPcBoard } from "./pc-board.js";
import { shared, type SketchContext } from "./shared.js";

const contexts = (shared.contexts ??= new AsyncLocalStorage<SketchContext>());

/**
 * The board whose sketch is running, in all its promises and callbacks. Outside of any sketch: this computer, as one
 * board for the whole process.
 *
 * @throws SketchEnded for code of a life that is over
 */
export function currentBoard(): Board {
  const context = contexts.getStore();
  if (context === undefined) return (shared.pcBoard ??= createPcBoard());
  if (context.life.over) throw new SketchEnded();
  return context.board;
}

/** The board whose sketch is running; null outside of any sketch. */
export function boardOfSketch(): Board | null {
  return contexts.getStore()?.board ?? null;
}

/**
 * Waits as the sketch that is running. Code of a life that is over waits for ever: if it got an exception instead, a
 * loop that catches everything would never end.
 */
export function delayCurrent(delayMs: number, what: string): Promise<void> {
  const context = contexts.getStore();
  return context?.life.over ? new Promise(() => {}) : currentBoard().delay(delayMs, what);
}

/** Whether code of this life is running. */
export function isWithin(context: SketchContext): boolean {
  return contexts.getStore() === context;
}

/** Leaves the sketch: code from here on belongs to none. Returns whose code was running, null outside of any sketch. */
export function leaveSketch(): SketchContext | null {
  const context = contexts.getStore();
  if (context === undefined) return null;
  contexts.enterWith(undefined as unknown as SketchContext);
  return context;
}

/** Runs `call` as code of this life on this board. */
export function runWithin<T>(context: SketchContext, call: () => T): T {
  return contexts.run(context, call);
}

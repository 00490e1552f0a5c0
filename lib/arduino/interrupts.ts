import { requireFunction } from "../core/arguments.js";
import { currentBoard } from "./board/current-board.js";
import type { Edge } from "./board/interrupts.js";
import { CHANGE, FALLING, RISING } from "./constants.js";

const EDGES: ReadonlyMap<number, Edge> = new Map([
  [RISING, "rising"],
  [FALLING, "falling"],
  [CHANGE, "change"],
]);

/**
 * Runs `handler` as soon as the pin changes. Unlike on a board, it runs while the sketch waits, never within a
 * computation. `mode`: `RISING`, `FALLING` or `CHANGE`. @throws RangeError for a pin or mode that does not exist
 */
export function attachInterrupt(interrupt: number, handler: () => void, mode: number): void {
  const edge = EDGES.get(mode);
  if (edge === undefined) {
    throw new RangeError(
      `attachInterrupt(${interrupt}, ..., ${String(mode)}): the mode must be RISING, FALLING or CHANGE`,
    );
  }
  requireFunction("handler", handler);
  currentBoard().interrupts.attach(interrupt, edge, handler);
}

/** Removes the handler of this pin, if any. */
export function detachInterrupt(interrupt: number): void {
  currentBoard().interrupts.detach(interrupt);
}

/** The number of a pin's interrupt, which is the pin's own number here. */
export function digitalPinToInterrupt(pin: number): number {
  return pin;
}

/** Delays handlers until `interrupts()`, each for at most one run. */
export function noInterrupts(): void {
  currentBoard().interrupts.disable();
}

/** Lets handlers run again, first the delayed ones. */
export function interrupts(): void {
  currentBoard().interrupts.enable();
}

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
 * Runs `handler` as soon as the pin changes: between two waits of the sketch, never in the middle of a computation as on
 * a board. `mode`: `RISING`, `FALLING` or `CHANGE`. @throws RangeError for a pin or mode that does not exist
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

/** The handler of this pin, if any, does not run any more. */
export function detachInterrupt(interrupt: number): void {
  currentBoard().interrupts.detach(interrupt);
}

/** On this board a pin's interrupt has the pin's number. */
export function digitalPinToInterrupt(pin: number): number {
  return pin;
}

/** Handlers wait until `interrupts()`, each for at most one run. */
export function noInterrupts(): void {
  currentBoard().interrupts.disable();
}

/** Handlers run again, first those that waited. */
export function interrupts(): void {
  currentBoard().interrupts.enable();
}

import { requireNumber } from "../core/arguments.js";
import { currentBoard } from "./board/current-board.js";

/**
 * Drives the pin with a square wave until `noTone`, or for `durationMs`. On a virtual board the pin's output is the
 * frequency.
 * @throws RangeError for a pin that does not exist
 */
export function tone(pin: number, frequencyHz: number, durationMs = 0): void {
  requireNumber("frequencyHz", frequencyHz);
  requireNumber("durationMs", durationMs);
  currentBoard().tones.play(pin, frequencyHz, durationMs);
}

/** Ends the wave. The pin is LOW then. */
export function noTone(pin: number): void {
  currentBoard().tones.stop(pin);
}

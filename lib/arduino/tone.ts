import { requireNumber } from "../core/arguments.js";
import { currentBoard } from "./board/current-board.js";

/**
 * Drives the pin with a square wave, until `noTone`, or for `durationMs`: on a virtual board its output is the frequency.
 * @throws RangeError for a pin that does not exist
 */
export function tone(pin: number, frequencyHz: number, durationMs = 0): void {
  requireNumber("frequencyHz", frequencyHz);
  requireNumber("durationMs", durationMs);
  currentBoard().tones.play(pin, frequencyHz, durationMs);
}

/** Ends the wave: the pin is LOW. */
export function noTone(pin: number): void {
  currentBoard().tones.stop(pin);
}

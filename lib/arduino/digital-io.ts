import { currentBoard } from "./board/current-board.js";
import type { PinMode } from "./board/pins.js";
import { INPUT, INPUT_PULLDOWN, INPUT_PULLUP, OUTPUT, OUTPUT_OPEN_DRAIN } from "./constants.js";

const MODES: ReadonlyMap<number, PinMode> = new Map([
  [INPUT, "input"],
  [INPUT_PULLUP, "input-pullup"],
  [INPUT_PULLDOWN, "input-pulldown"],
  [OUTPUT, "output"],
  [OUTPUT_OPEN_DRAIN, "output-open-drain"],
]);

/** `INPUT`, `INPUT_PULLUP`, `INPUT_PULLDOWN`, `OUTPUT` or `OUTPUT_OPEN_DRAIN`. @throws RangeError for a pin or mode that does not exist */
export function pinMode(pin: number, mode: number): void {
  const known = MODES.get(mode);
  if (known === undefined) throw new RangeError(`pinMode(${pin}, ${mode}): give INPUT, INPUT_PULLUP or OUTPUT`);
  currentBoard().pins.setMode(pin, known);
}

/** `LOW` or `HIGH`, as the pin is driven, wired or pulled; what floats reads either. @throws RangeError for a pin that does not exist */
export function digitalRead(pin: number): 0 | 1 {
  return currentBoard().pins.read(pin);
}

/** Drives the pin, where it is an `OUTPUT`; anything but 0 is `HIGH`. @throws RangeError for a pin that does not exist */
export function digitalWrite(pin: number, level: number | boolean): void {
  currentBoard().pins.write(pin, Number(level) === 0 ? 0 : 1);
}

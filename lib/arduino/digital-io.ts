/** Digital input and output. Each function throws a RangeError for a pin that the board does not have. */
import { requireNumber } from "../core/arguments.js";
import { currentBoard } from "./board/current-board.js";
import type { PinMode } from "./board/pins.js";
import { INPUT, INPUT_PULLDOWN, INPUT_PULLUP, LSBFIRST, OUTPUT, OUTPUT_OPEN_DRAIN } from "./constants.js";

const MODES: ReadonlyMap<number, PinMode> = new Map([
  [INPUT, "input"],
  [INPUT_PULLUP, "input-pullup"],
  [INPUT_PULLDOWN, "input-pulldown"],
  [OUTPUT, "output"],
  [OUTPUT_OPEN_DRAIN, "output-open-drain"],
]);

/** Sets a pin's mode: `INPUT`, `INPUT_PULLUP`, `INPUT_PULLDOWN`, `OUTPUT` or `OUTPUT_OPEN_DRAIN`. */
export function pinMode(pin: number, mode: number): void {
  const known = MODES.get(mode);
  if (known === undefined) {
    throw new RangeError(
      `pinMode(${pin}, ${String(mode)}): the mode must be INPUT, INPUT_PULLUP, OUTPUT or their like`,
    );
  }
  currentBoard().pins.setMode(pin, known);
}

/** `LOW` or `HIGH`, as the pin is driven, wired or pulled. A floating pin reads either. */
export function digitalRead(pin: number): 0 | 1 {
  const board = currentBoard();
  board.polled();
  return board.pins.read(pin);
}

/** Drives the pin if it is an output. Any value but 0 means `HIGH`. */
export function digitalWrite(pin: number, level: number | boolean): void {
  if (typeof level !== "boolean") requireNumber("level", level);
  currentBoard().pins.write(pin, Number(level) === 0 ? 0 : 1);
}

/** Sends a byte bit by bit: each bit is on `dataPin` while `clockPin` pulses `HIGH`. */
export function shiftOut(dataPin: number, clockPin: number, bitOrder: number, value: number): void {
  requireNumber("value", value);
  for (let bit = 0; bit < 8; bit++) {
    digitalWrite(dataPin, (value >> shiftFor(bitOrder, bit)) & 1);
    digitalWrite(clockPin, 1);
    digitalWrite(clockPin, 0);
  }
}

/** Receives a byte bit by bit: reads each bit from `dataPin` while `clockPin` is `HIGH`. */
export function shiftIn(dataPin: number, clockPin: number, bitOrder: number): number {
  let value = 0;
  for (let bit = 0; bit < 8; bit++) {
    digitalWrite(clockPin, 1);
    value |= digitalRead(dataPin) << shiftFor(bitOrder, bit);
    digitalWrite(clockPin, 0);
  }
  return value;
}

function shiftFor(bitOrder: number, bit: number): number {
  return bitOrder === LSBFIRST ? bit : 7 - bit;
}

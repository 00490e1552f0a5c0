import { ArduinoString, type Stringable } from "./arduino-string.js";
import type { NumberBase } from "./number-base.js";

/** `String(42)` and `new String(42)` are the same. */
export interface StringConstructor {
  (...given: [] | [value: Stringable, format?: NumberBase | number]): ArduinoString;
  new (...given: [] | [value: Stringable, format?: NumberBase | number]): ArduinoString;
  readonly prototype: ArduinoString;
}

/**
 * The `String` of a sketch. It replaces TypeScript's own in a file that imports it: `String("text")`,
 * `String(255, HEX)`, `String(3.14159, 3)`; see {@link ArduinoString}.
 */
export const String = function (...given: [] | [value: Stringable, format?: NumberBase | number]): ArduinoString {
  return new ArduinoString(...given);
} as StringConstructor;
Object.defineProperty(String, "prototype", { value: ArduinoString.prototype });

/** As a type: `let line: String = String("")`. */
export type String = ArduinoString;

/** Text in flash memory on a board. Here it returns the text itself. */
export function F(text: string): string {
  return text;
}

/** Text in flash memory on a board. Here it returns the text itself. */
export const PSTR = F;

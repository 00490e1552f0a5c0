import { refuseArgument } from "../../core/arguments.js";
import { isArduinoString } from "./arduino-string.js";
import { isCharArray } from "./char-array.js";

/**
 * @throws UsmpError INVALID_ARG for a value that is not text. Names it but never repeats it, because it may be a key.
 */
export function requireText(name: string, value: unknown): void {
  if (typeof value === "string" || isArduinoString(value) || isCharArray(value)) return;
  refuseArgument(name, value, "text");
}

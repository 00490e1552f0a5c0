import { refuseArgument } from "../../core/arguments.js";
import { isArduinoString } from "./arduino-string.js";
import { isCharArray } from "./char-array.js";

/** Fails for what is no text of a sketch. @throws UsmpError INVALID_ARG that names it, and never repeats it: it may be a key */
export function requireText(name: string, value: unknown): void {
  if (typeof value === "string" || isArduinoString(value) || isCharArray(value)) return;
  refuseArgument(name, value, "text");
}

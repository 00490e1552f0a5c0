import { isBytes } from "../../core/kinds.js";
import { UsmpError } from "../../errors.js";
import { isArduinoString, type ArduinoString } from "./arduino-string.js";
import { byteString, charArray } from "./byte-text.js";
import { kindOf } from "./kind-of.js";
import type { NumberBase } from "./number-base.js";
import { printedNumber, type Numeric } from "./number-text.js";

/** An object with its own printed form, such as an address. */
export interface Printable {
  readonly printedText: string;
}

/** Values that `print` takes. Bytes are a `char` array, so text up to the first NUL. `write` sends all bytes. */
export type Printed = string | ArduinoString | Numeric | boolean | Uint8Array | Printable;

/**
 * The text that `print(value, format)` sends, as a byte string. `format` is `HEX`, `OCT` or `BIN`, or a number of
 * decimals.
 *
 * @throws UsmpError INVALID_ARG for a value that a board cannot print: `undefined`, an object.
 */
export function printed(value: Printed, format?: NumberBase | number): string {
  if (typeof value === "string") return byteString(value);
  if (typeof value === "number" || typeof value === "bigint") return printedNumber(value, format);
  if (typeof value === "boolean") return value ? "1" : "0";
  if (isBytes(value)) return charArray(value);
  if (isArduinoString(value)) return byteString(value.toString());
  if (isPrintable(value)) return byteString(value.printedText);
  throw new UsmpError("INVALID_ARG", `print takes text, a number or a String, not ${kindOf(value)}`);
}

function isPrintable(value: unknown): value is Printable {
  return typeof value === "object" && value !== null && "printedText" in value;
}

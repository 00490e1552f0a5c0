import { isBytes } from "../../core/kinds.js";
import { UsmpError } from "../../errors.js";
import { isArduinoString, type TextLike } from "./arduino-string.js";
import { byteString, bytesOf } from "./byte-text.js";
import { bytesBeforeNul, isCharArray } from "./char-array.js";
import { kindOf } from "./kind-of.js";

/**
 * The bytes that `send(text)`, `send(data)` and `send(data, length)` put on the wire: text as its bytes, a `char` array
 * up to its NUL, bytes as they are; with a length, that many of them. Borrows the bytes.
 *
 * @throws UsmpError INVALID_ARG for anything else, such as `undefined`. `name` is the function that was called.
 */
export function bytesToSend(name: string, data: TextLike | Uint8Array, length?: number): Uint8Array {
  if (isCharArray(data) && length === undefined) return bytesBeforeNul(data);
  if (isBytes(data)) return data.subarray(0, length);
  if (typeof data === "string" || isArduinoString(data)) {
    return bytesOf(byteString(data.toString())).subarray(0, length);
  }
  throw new UsmpError("INVALID_ARG", `${name} takes text or bytes, not ${kindOf(data)}`);
}

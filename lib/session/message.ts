import { describeGiven } from "../core/arguments.js";
import { plainView } from "../core/wire/bytes.js";
import { isArrayBuffer, isBytes } from "../core/kinds.js";

/** The types of a message to send; text is encoded as UTF-8. */
export type Sendable = string | Uint8Array | ArrayBuffer;

/**
 * The bytes of a message: text encoded as UTF-8, else a view on the given bytes.
 * @throws TypeError for anything else, as Node's own streams do.
 */
export function toBytes(data: Sendable): Uint8Array {
  if (typeof data === "string") return new TextEncoder().encode(data);
  if (isBytes(data)) return plainView(data);
  if (isArrayBuffer(data)) return new Uint8Array(data);
  throw new TypeError(`data is ${describeGiven(data)}; give a string, a Uint8Array or an ArrayBuffer`);
}

/** The text that `print` writes. @throws TypeError for a value without a text of its own, such as undefined. */
export function toText(value: string | number | boolean | bigint): string {
  if (PRINTABLE.includes(typeof value)) return String(value);
  throw new TypeError(`the value is ${describeGiven(value)}; give a string, a number, a boolean or a bigint`);
}

const PRINTABLE: readonly string[] = ["string", "number", "boolean", "bigint"];

/** A received message as users get it: in Node, a Buffer on the same bytes, so that `toString()` gives its text. */
export function toUserMessage(data: Uint8Array): Uint8Array {
  if (typeof Buffer === "undefined" || Buffer.isBuffer(data)) return data;
  return Buffer.from(data.buffer, data.byteOffset, data.length);
}

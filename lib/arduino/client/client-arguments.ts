import { requireBytes } from "../../core/arguments.js";
import { isBytes } from "../../core/kinds.js";
import { checkNumber } from "../../session/options.js";
import { requireText } from "../text/require-text.js";

/** Checks a client's arguments before the key is read. @throws UsmpError INVALID_ARG that names the argument */
export function checkKeyAndBuffer(psk: unknown, pskLen: unknown, rxBuffer: unknown, rxBufferSize: unknown): void {
  if (!isBytes(psk)) requireText("the PSK", psk);
  if (pskLen !== undefined) checkNumber("pskLen", pskLen, 0);
  if (rxBuffer !== undefined) requireBytes("rxBuffer", rxBuffer);
  if (rxBufferSize !== undefined) checkNumber("rxBufferSize", rxBufferSize, 1);
}

import { MAX_MESSAGE_LENGTH } from "../../core/wire.js";
import { USMPClient } from "./usmp-client.js";

/**
 * `USMPClient` with a receive buffer of its own, which on the board does without a heap: `USMPClientStatic<512> usmp(PSK)` is
 * `new USMPClientStatic(PSK, { rxBufferSize: 512 })`. As there, a longer message ends the session.
 */
export class USMPClientStatic extends USMPClient {
  /** A key as text, or as bytes, all of them. @throws UsmpError INVALID_ARG for a key of less than 16 bytes */
  constructor(
    psk: string | Uint8Array,
    { rxBufferSize = MAX_MESSAGE_LENGTH }: { readonly rxBufferSize?: number } = {},
  ) {
    const rxBuffer = new Uint8Array(rxBufferSize);
    if (psk instanceof Uint8Array) super(psk, psk.length, rxBuffer);
    else super(psk, rxBuffer);
  }
}

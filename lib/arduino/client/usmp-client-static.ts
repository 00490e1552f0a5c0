import { ownMembers } from "../../core/own-members.js";
import { isBytes } from "../../core/kinds.js";
import { checkNumber } from "../../session/options.js";
import { MAX_MESSAGE_LENGTH } from "../../core/wire/wire.js";
import type { TextLike } from "../text/arduino-string.js";
import { isCharArray } from "../text/char-array.js";
import { USMPClient } from "./usmp-client.js";

interface StaticClientOptions {
  /** Bytes of the receive buffer. Default 1808, enough for any message. */
  readonly rxBufferSize?: number | undefined;
}

/**
 * `USMPClient` with a receive buffer of its own, which needs no heap on the board: `USMPClientStatic<512> usmp(PSK)` is
 * `new USMPClientStatic(PSK, { rxBufferSize: 512 })`. As there, a longer message ends the session.
 */
export class USMPClientStatic extends USMPClient {
  /** Takes a key as text, or as bytes and their number. With fewer than 16 bytes, `begin()` returns false. */
  constructor(psk: TextLike, options?: StaticClientOptions);
  constructor(psk: Uint8Array, pskLen: number, options?: StaticClientOptions);
  constructor(psk: TextLike | Uint8Array, ...rest: (number | StaticClientOptions | undefined)[]) {
    const isText = !isBytes(psk) || (isCharArray(psk) && typeof rest[0] !== "number");
    const pskLen = isText ? 0 : (rest.shift() as number);
    const { rxBufferSize = MAX_MESSAGE_LENGTH } = ownMembers(rest[0] as StaticClientOptions | undefined);
    checkNumber("rxBufferSize", rxBufferSize, 1);
    const rxBuffer = new Uint8Array(rxBufferSize);
    if (isText) super(psk, rxBuffer);
    else super(psk, pskLen, rxBuffer);
  }
}

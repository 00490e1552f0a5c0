import { UsmpError } from "../../errors.js";
import { isBytes } from "../kinds.js";
import { copySecret, secretBytes } from "../secret-bytes.js";
import { MIN_PSK_LENGTH } from "../wire/wire.js";

/** A pre-shared key as users give it. A string stands for its UTF-8 bytes, as on a board, and never for hex. */
export type Psk = string | Uint8Array;

/**
 * Copies the key's bytes.
 * @throws UsmpError INVALID_ARG if it is neither text nor bytes, or shorter than 16 bytes. The message never holds the
 * key.
 */
export function parsePsk(psk: Psk): Uint8Array {
  const bytes: unknown = typeof psk === "string" ? new TextEncoder().encode(psk) : psk;
  if (!isBytes(bytes)) {
    throw new UsmpError(
      "INVALID_ARG",
      `the PSK is ${bytes === null ? "null" : `of type ${typeof psk}`}; give a string or a Uint8Array`,
    );
  }
  if (bytes.length < MIN_PSK_LENGTH) {
    throw new UsmpError(
      "INVALID_ARG",
      `the PSK has ${bytes.length} bytes; at least ${MIN_PSK_LENGTH} are needed ("usmp keygen" makes a good one)`,
    );
  }
  const copy = copySecret(bytes);
  // The encoded bytes of a text are ours to wipe.
  if (bytes !== psk) bytes.fill(0);
  return copy;
}

/**
 * Parses a key that is kept as hex: an even number of hex digits.
 * @throws UsmpError INVALID_ARG for anything else. The message does not repeat the text.
 */
export function parseHexKey(hex: string): Uint8Array {
  if (typeof hex !== "string" || !/^([0-9a-fA-F]{2})+$/.test(hex)) {
    throw new UsmpError("INVALID_ARG", "a hex key is an even number of the digits 0-9 and a-f, nothing else");
  }
  const bytes = secretBytes(hex.length / 2);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  return bytes;
}

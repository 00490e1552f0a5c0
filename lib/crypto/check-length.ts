import { UsmpError } from "../errors.js";

/**
 * Refuses bytes of the wrong length. That is always the caller's mistake, because it has parsed what the peer sent. The
 * libraries do not agree on this check: AES-GCM silently takes a nonce of any length.
 *
 * @throws UsmpError `INVALID_ARG` if `bytes` does not hold exactly `length` bytes.
 */
export function checkLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new UsmpError("INVALID_ARG", `pass ${length} bytes as ${name}, not ${bytes.length}`);
  }
}

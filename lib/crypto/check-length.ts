import { UsmpError } from "../errors.js";

/**
 * Refuses bytes of a wrong length: always a mistake of the caller, who has parsed what the peer sent. Checked here because
 * the libraries disagree, down to AES-GCM that silently takes a nonce of any length.
 *
 * @throws UsmpError `INVALID_ARG` where `bytes` does not hold exactly `length` bytes.
 */
export function checkLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new UsmpError("INVALID_ARG", `pass ${length} bytes as ${name}, not ${bytes.length}`);
  }
}

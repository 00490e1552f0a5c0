/** Comparing and wiping by libsodium. Both need `sodium.ready`. */
import sodium from "libsodium-wrappers";

export function sodiumConstantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && sodium.memcmp(a, b);
}

export function sodiumWipe(bytes: Uint8Array): void {
  sodium.memzero(bytes);
}

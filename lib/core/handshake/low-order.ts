/**
 * The X25519 public keys that make every shared secret zero (§3): the points of order 1, 2, 4 and 8, and their
 * encodings from 2^255 - 19 on, as https://cr.yp.to/ecdh.html lists them. They are public, so a plain comparison finds
 * them before an exchange is computed.
 */
import { UsmpError } from "../../errors.js";
import { copyOf, equalBytes } from "../wire/bytes.js";

/** 32 bytes: `first`, then 30 times `middle`, then `last`. */
function repeated(first: number, middle: number, last: number): Uint8Array {
  return new Uint8Array(32).fill(middle).fill(first, 0, 1).fill(last, 31);
}

const LOW_ORDER: readonly Uint8Array[] = [
  repeated(0, 0, 0),
  repeated(1, 0, 0),
  // prettier-ignore
  Uint8Array.of(
    0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
    0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
  ),
  // prettier-ignore
  Uint8Array.of(
    0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
    0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
  ),
  repeated(0xec, 0xff, 0x7f),
  repeated(0xed, 0xff, 0x7f),
  repeated(0xee, 0xff, 0x7f),
];

/** Whether a 32-byte public key (borrowed) is of low order. */
export function isLowOrder(publicKey: Uint8Array): boolean {
  const u = copyOf(publicKey);
  // X25519 ignores the highest bit (RFC 7748, section 5).
  u[31]! &= 0x7f;
  return LOW_ORDER.some((key) => equalBytes(key, u));
}

/** The error for a low-order public key of a peer that has proved the PSK. */
export function lowOrder(peer: "device" | "gateway"): UsmpError {
  return new UsmpError("AUTH", `the ${peer} sent a public key of low order: the connection was tampered with`);
}

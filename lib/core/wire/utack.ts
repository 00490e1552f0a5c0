/**
 * UTACK, the acknowledgement of one datagram (§6). It is not a frame:
 *
 *     0     2    3        7                15
 *     +-----+----+--------+----------------+
 *     |AC AC|type| seq    | MAC, type >= 5 |
 *     +-----+----+--------+----------------+
 */
import { readUint32, writeUint32 } from "./bytes.js";
import type { CryptoProvider } from "../crypto-provider.js";

const MAGIC_BYTE = 0xac;
const BARE_LENGTH = 7;
const MAC_LENGTH = 8;

/** A UTACK whose MAC, if it has one, is not verified yet. */
export interface Utack {
  readonly type: number;
  readonly seq: number;
  /** Borrowed from the datagram. */
  readonly bytes: Uint8Array;
}

/** Whether a datagram is a UTACK rather than a frame, by its first two bytes alone. */
export function isUtack(datagram: Uint8Array): boolean {
  return datagram[0] === MAGIC_BYTE && datagram[1] === MAGIC_BYTE;
}

/** Reads a UTACK. Null if it has neither 7 nor 15 bytes. */
export function readUtack(datagram: Uint8Array): Utack | null {
  if (datagram.length !== BARE_LENGTH && datagram.length !== BARE_LENGTH + MAC_LENGTH) return null;
  return { type: datagram[2] as number, seq: readUint32(datagram, 3), bytes: datagram };
}

/** Builds the UTACK of a handshake frame: 7 bytes without a MAC. */
export function bareUtack(type: number, seq: number): Uint8Array {
  const bytes = new Uint8Array(BARE_LENGTH);
  writeBare(bytes, type, seq);
  return bytes;
}

/** Builds the UTACK of a session frame: 15 bytes. `key` (32 bytes) is the one that sealed the acknowledged frame. */
export function sealedUtack(crypto: CryptoProvider, key: Uint8Array, type: number, seq: number): Uint8Array {
  const bytes = new Uint8Array(BARE_LENGTH + MAC_LENGTH);
  writeBare(bytes, type, seq);
  const mac = crypto.hmacSha256(key, bytes.subarray(0, BARE_LENGTH));
  bytes.set(mac.subarray(0, MAC_LENGTH), BARE_LENGTH);
  return bytes;
}

function writeBare(bytes: Uint8Array, type: number, seq: number): void {
  bytes[0] = MAGIC_BYTE;
  bytes[1] = MAGIC_BYTE;
  bytes[2] = type;
  writeUint32(bytes, 3, seq);
}

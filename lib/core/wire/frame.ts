/**
 * One frame (§1):
 *
 *      0     2   3    4     8        10    12
 *      +-----+---+----+-----+--------+-----+---------------------+
 *      |CD AB|ver|type| seq | length | crc | payload, 0 to 480   |
 *      +-----+---+----+-----+--------+-----+---------------------+
 *      `---- covered by the CRC ----'       `- covered by the CRC
 */
import { UsmpError } from "../../errors.js";
import { readUint32, writeUint32 } from "./bytes.js";
import { crc16 } from "./crc16.js";
import { CHECKED_HEADER_LENGTH, HEADER_LENGTH, MAGIC_BYTES, MAX_PAYLOAD_LENGTH, VERSION } from "./wire.js";

/** Room for one frame inside a larger buffer. */
export interface Room {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/** A buffer in which frames are built in place. */
export interface FrameSink {
  /** Reserves `length` bytes. The caller fills all of them before it returns. */
  reserve(length: number): Room;
  /** Takes back the last reservation, of `length` bytes, in which no frame was built. */
  giveBack(length: number): void;
}

/** A whole frame whose magic, version, length and CRC are right. `bytes` is borrowed: copy what outlives the call. */
export interface Frame {
  readonly type: number;
  readonly seq: number;
  /** Header and payload. */
  readonly bytes: Uint8Array;
  /** A view on `bytes`, made at each access. */
  readonly payload: Uint8Array;
}

/** Creates the payload view lazily: sessions do not need it, and it costs more than the rest of reading a frame. */
class ReadFrame implements Frame {
  readonly type: number;
  readonly seq: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.type = bytes[3] as number;
    this.seq = readUint32(bytes, 4);
    this.bytes = bytes;
  }

  get payload(): Uint8Array {
    return this.bytes.subarray(HEADER_LENGTH);
  }
}

/** Writes header bytes 0..9 at `offset`. `length`: bytes of the finished payload. */
export function writeHeader(bytes: Uint8Array, offset: number, type: number, seq: number, length: number): void {
  bytes[offset] = MAGIC_BYTES[0];
  bytes[offset + 1] = MAGIC_BYTES[1];
  bytes[offset + 2] = VERSION;
  bytes[offset + 3] = type;
  writeUint32(bytes, offset + 4, seq);
  bytes[offset + 8] = length & 0xff;
  bytes[offset + 9] = length >>> 8;
}

/** Writes the CRC over the header and the `length` payload bytes, which are in place already. */
export function writeCrc(bytes: Uint8Array, offset: number, length: number): void {
  const crc = frameCrc(bytes, offset, length);
  bytes[offset + 10] = crc & 0xff;
  bytes[offset + 11] = crc >>> 8;
}

/** Appends a plaintext frame of the handshake. `payload` is copied. */
export function appendFrame(sink: FrameSink, type: number, seq: number, payload: Uint8Array): void {
  const { bytes, offset } = sink.reserve(HEADER_LENGTH + payload.length);
  writeHeader(bytes, offset, type, seq, payload.length);
  bytes.set(payload, offset + HEADER_LENGTH);
  writeCrc(bytes, offset, payload.length);
}

/** Why the `available` bytes at `offset` cannot begin a frame; null if they can. */
export function headerFault(
  bytes: Uint8Array,
  offset: number,
  available: number,
): "magic" | "version" | "length" | null {
  for (let index = 0; index < Math.min(available, MAGIC_BYTES.length); index++) {
    if (bytes[offset + index] !== MAGIC_BYTES[index]) return "magic";
  }
  if (available > 2 && bytes[offset + 2] !== VERSION) return "version";
  if (available >= CHECKED_HEADER_LENGTH && payloadLength(bytes, offset) > MAX_PAYLOAD_LENGTH) return "length";
  return null;
}

/**
 * Checks the first `available` bytes of a header at `offset`.
 * @throws UsmpError FRAME or VERSION at the first byte that cannot begin a frame; FRAME for a length over 480.
 */
export function checkHeader(bytes: Uint8Array, offset: number, available: number): void {
  switch (headerFault(bytes, offset, available)) {
    case "magic":
      throw new UsmpError(
        "FRAME",
        "the bytes that arrived do not begin a USMP frame: does the peer speak USMP on this port?",
      );
    case "version":
      throw new UsmpError(
        "VERSION",
        `the peer speaks version ${bytes[offset + 2] as number} of the protocol, this library version ${VERSION}`,
      );
    case "length":
      throw new UsmpError(
        "FRAME",
        `a frame announced ${payloadLength(bytes, offset)} payload bytes; at most ${MAX_PAYLOAD_LENGTH} are allowed`,
      );
    case null:
  }
}

/** The payload length in bytes that the header at `offset` announces. */
export function payloadLength(bytes: Uint8Array, offset: number): number {
  return (bytes[offset + 8] as number) | ((bytes[offset + 9] as number) << 8);
}

/**
 * Reads the frame that fills `bytes` (borrowed), whose header has passed {@link checkHeader}.
 * @throws UsmpError FRAME if the CRC is wrong.
 */
export function readFrame(bytes: Uint8Array): Frame {
  const frame = frameOf(bytes);
  if (frame === null) throw new UsmpError("FRAME", "a frame's CRC is wrong: it was damaged on the way");
  return frame;
}

/** As {@link readFrame}, but null if the CRC is wrong. */
export function frameOf(bytes: Uint8Array): Frame | null {
  const crc = (bytes[10] as number) | ((bytes[11] as number) << 8);
  return crc === frameCrc(bytes, 0, bytes.length - HEADER_LENGTH) ? new ReadFrame(bytes) : null;
}

function frameCrc(bytes: Uint8Array, offset: number, length: number): number {
  const payload = offset + HEADER_LENGTH;
  return crc16(bytes, payload, payload + length, crc16(bytes, offset, offset + CHECKED_HEADER_LENGTH));
}

import type { FrameSink, Room } from "./outbox.js";
import { appendFrame, checkHeader, payloadLength, readFrame, type Frame } from "./frame.js";
import { HEADER_LENGTH } from "./wire.js";

/** The one frame that a datagram (borrowed) holds, or null where it is damaged, or anything but exactly one (§1). */
export function readDatagram(datagram: Uint8Array): Frame | null {
  if (datagram.length < HEADER_LENGTH) return null;
  try {
    checkHeader(datagram, 0, HEADER_LENGTH);
    return datagram.length === HEADER_LENGTH + payloadLength(datagram, 0) ? readFrame(datagram) : null;
  } catch {
    return null;
  }
}

/** A datagram with one plaintext frame, as the handshake sends them. `payload` is copied. */
export function plainDatagram(type: number, seq: number, payload: Uint8Array): Uint8Array {
  const sink = new OneFrame();
  appendFrame(sink, type, seq, payload);
  return sink.bytes;
}

/** Room for the one frame of a datagram. */
export class OneFrame implements FrameSink {
  bytes = new Uint8Array(0);

  reserve(length: number): Room {
    this.bytes = new Uint8Array(length);
    return { bytes: this.bytes, offset: 0 };
  }
}

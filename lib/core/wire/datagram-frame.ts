import type { FrameSink, Room } from "./frame-sink.js";
import { appendFrame, frameOf, headerFault, payloadLength, type Frame } from "./frame.js";
import { HEADER_LENGTH } from "./wire.js";

/** The one frame that a datagram (borrowed) holds, or null where it is damaged, or anything but exactly one (§1). */
export function readDatagram(datagram: Uint8Array): Frame | null {
  // Without an exception: somebody may send nothing else, and each costs more than all the rest of reading a datagram.
  if (datagram.length < HEADER_LENGTH || headerFault(datagram, 0, HEADER_LENGTH) !== null) return null;
  return datagram.length === HEADER_LENGTH + payloadLength(datagram, 0) ? frameOf(datagram) : null;
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

  giveBack(): void {
    this.bytes = new Uint8Array(0);
  }
}

import { appendFrame, frameOf, headerFault, payloadLength, type Frame, type FrameSink, type Room } from "./frame.js";
import { HEADER_LENGTH } from "./wire.js";

/** Reads the frame that a datagram (borrowed) holds. Null if it is damaged, or does not hold exactly one frame (§1). */
export function readDatagram(datagram: Uint8Array): Frame | null {
  // No exception: an attacker may send nothing but garbage, and a throw costs more than the rest of this function.
  if (datagram.length < HEADER_LENGTH || headerFault(datagram, 0, HEADER_LENGTH) !== null) return null;
  return datagram.length === HEADER_LENGTH + payloadLength(datagram, 0) ? frameOf(datagram) : null;
}

/** Builds a datagram that holds one plaintext frame of the handshake. `payload` is copied. */
export function plainDatagram(type: number, seq: number, payload: Uint8Array): Uint8Array {
  const sink = new OneFrame();
  appendFrame(sink, type, seq, payload);
  return sink.bytes;
}

/** Holds the one frame of a datagram. */
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

import type { FrameSink, Room } from "../wire/frame.js";

/** The length of a burst's first piece, unless the last burst was longer. Each further piece is twice as long. */
const SMALLEST_PIECE_LENGTH = 1024;
const LARGEST_PIECE_LENGTH = 65_536;

/**
 * Frames that wait for the transport. They are built in place, one behind the other, and leave as few large pieces. A
 * piece that was taken is never written again, so the transport may keep it.
 */
export class StreamOutbox implements FrameSink {
  #full: Uint8Array[] = [];
  #piece: Uint8Array | null = null;
  /** The last burst predicts the next: a stream of equal bursts gets one piece, and one write, for each. */
  #firstPieceLength = SMALLEST_PIECE_LENGTH;
  #used = 0;
  #length = 0;
  #frames = 0;
  #total = 0;

  /** How many frames were built here so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Bytes waiting. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of all frames built here so far. */
  get total(): number {
    return this.#total;
  }

  reserve(length: number): Room {
    if (this.#piece === null || this.#used + length > this.#piece.length) {
      const next = this.#piece === null ? this.#firstPieceLength : 2 * this.#piece.length;
      this.#closePiece();
      this.#piece = new Uint8Array(Math.max(Math.min(next, LARGEST_PIECE_LENGTH), length));
    }
    this.#frames++;
    const room = { bytes: this.#piece, offset: this.#used };
    this.#used += length;
    this.#length += length;
    this.#total += length;
    return room;
  }

  giveBack(length: number): void {
    this.#frames--;
    this.#used -= length;
    this.#length -= length;
    this.#total -= length;
  }

  /** Takes everything that waits, in order. The caller owns it. */
  take(): Uint8Array[] {
    this.#closePiece();
    const taken = this.#full;
    this.#full = [];
    this.#firstPieceLength = withRoomFor(this.#length);
    this.#length = 0;
    return taken;
  }

  #closePiece(): void {
    if (this.#piece !== null && this.#used > 0) {
      // The transport may hold the piece for long: do not keep a mostly empty one alive.
      const mostlyEmpty = this.#used < this.#piece.length / 2;
      this.#full.push(mostlyEmpty ? this.#piece.slice(0, this.#used) : this.#piece.subarray(0, this.#used));
    }
    this.#piece = null;
    this.#used = 0;
  }
}

/** A burst ends with the message that filled it, so this leaves room for one more: up to 1968 bytes on the wire. */
function withRoomFor(length: number): number {
  if (length <= SMALLEST_PIECE_LENGTH) return SMALLEST_PIECE_LENGTH;
  return SMALLEST_PIECE_LENGTH * (Math.ceil(length / SMALLEST_PIECE_LENGTH) + 2);
}

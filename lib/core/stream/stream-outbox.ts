import type { FrameSink, Room } from "../wire/frame.js";

/** The first piece of a burst, unless the last one was longer; the next ones double: a lone frame costs little, a burst few pieces. */
const SMALLEST_PIECE_LENGTH = 1024;
const LARGEST_PIECE_LENGTH = 65_536;

/**
 * Bytes waiting for the transport: frames are built in place, one behind the other, and leave as few large pieces.
 * A piece that was taken is never written again, so the transport may keep it as long as it likes.
 */
export class StreamOutbox implements FrameSink {
  #full: Uint8Array[] = [];
  #piece: Uint8Array | null = null;
  /** What came last is a good guess at what comes next: a stream of bursts gets one piece, and one write, for each. */
  #firstPieceLength = SMALLEST_PIECE_LENGTH;
  #used = 0;
  #length = 0;
  #frames = 0;
  #total = 0;

  /** How many frames were ever built here. */
  get frames(): number {
    return this.#frames;
  }

  /** Bytes waiting. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of all the frames that were ever built here. */
  get total(): number {
    return this.#total;
  }

  /** Room for `length` bytes behind what is there; the caller fills all of it before it returns. */
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

  /** Everything that waits, in order, owned by the caller. */
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
      // A piece that is mostly empty is not kept alive for the little in it: the transport may hold it for long.
      const mostlyEmpty = this.#used < this.#piece.length / 2;
      this.#full.push(mostlyEmpty ? this.#piece.slice(0, this.#used) : this.#piece.subarray(0, this.#used));
    }
    this.#piece = null;
    this.#used = 0;
  }
}

/** Bursts end behind the message that filled them: there is room for one message, of 1968 bytes on the wire, more. */
function withRoomFor(length: number): number {
  if (length <= SMALLEST_PIECE_LENGTH) return SMALLEST_PIECE_LENGTH;
  return SMALLEST_PIECE_LENGTH * (Math.ceil(length / SMALLEST_PIECE_LENGTH) + 2);
}

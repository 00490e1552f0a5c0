import { checkHeader, payloadLength, readFrame, type Frame } from "../wire/frame.js";
import { HEADER_LENGTH, MAX_FRAME_LENGTH } from "../wire/wire.js";

const NOTHING = new Uint8Array(0);

/**
 * Finds the frames in a byte stream that is cut into chunks anywhere.
 *
 * A frame that lies whole inside a chunk is a view on it. One that is spread over chunks is gathered in a buffer of its
 * own, which holds one frame at most, whatever the peer announces.
 *
 *     decoder.push(chunk);
 *     for (let frame = decoder.next(); frame !== null; frame = decoder.next()) ...
 */
export class FrameDecoder {
  #chunk: Uint8Array = NOTHING;
  #position = 0;
  /** The frame that a chunk's end cut in two. Allocated when that first happens. */
  #gathered: Uint8Array | null = null;
  #gatheredLength = 0;

  /** Whether part of a frame waits for the rest. */
  get holdsPartialFrame(): boolean {
    return this.#gatheredLength > 0;
  }

  /** Takes the next chunk (borrowed until `next` returns null). */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#position = 0;
  }

  /**
   * Returns the next whole frame (a view, borrowed until the next call), or null if the chunk is used up.
   * @throws UsmpError FRAME or VERSION at the first byte that cannot belong to a frame. The stream is lost then.
   */
  next(): Frame | null {
    return this.#gatheredLength > 0 ? this.#nextGathered() : this.#nextInChunk();
  }

  /** Releases the chunk and what was gathered. */
  clear(): void {
    this.#release();
    this.#gathered = null;
    this.#gatheredLength = 0;
  }

  #nextInChunk(): Frame | null {
    const start = this.#position;
    const available = this.#chunk.length - start;
    if (available === 0) return this.#release();
    checkHeader(this.#chunk, start, available);
    if (available >= HEADER_LENGTH) {
      const end = start + HEADER_LENGTH + payloadLength(this.#chunk, start);
      if (end <= this.#chunk.length) {
        this.#position = end;
        // A Buffer's own `subarray` is slow, and so are views on its views.
        return readFrame(new Uint8Array(this.#chunk.buffer, this.#chunk.byteOffset + start, end - start));
      }
    }
    this.#gather(available);
    return this.#release();
  }

  #nextGathered(): Frame | null {
    const gathered = this.#gather(HEADER_LENGTH - this.#gatheredLength);
    checkHeader(gathered, 0, this.#gatheredLength);
    if (this.#gatheredLength < HEADER_LENGTH) return this.#release();

    const frameLength = HEADER_LENGTH + payloadLength(gathered, 0);
    this.#gather(frameLength - this.#gatheredLength);
    if (this.#gatheredLength < frameLength) return this.#release();

    this.#gatheredLength = 0;
    return readFrame(gathered.subarray(0, frameLength));
  }

  /** Moves up to `wanted` bytes of the chunk to the end of the gathered ones. */
  #gather(wanted: number): Uint8Array {
    const gathered = (this.#gathered ??= new Uint8Array(MAX_FRAME_LENGTH));
    const moved = this.#chunk.subarray(this.#position, this.#position + Math.max(wanted, 0));
    gathered.set(moved, this.#gatheredLength);
    this.#gatheredLength += moved.length;
    this.#position += moved.length;
    return gathered;
  }

  /** Drops the reference to the used-up chunk, which belongs to the transport. */
  #release(): null {
    this.#chunk = NOTHING;
    this.#position = 0;
    return null;
  }
}

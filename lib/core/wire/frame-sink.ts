/** Room for one frame inside a larger buffer. */
export interface Room {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/** Where frames are built in place. */
export interface FrameSink {
  /** Room for `length` bytes; the caller fills all of it before it returns. */
  reserve(length: number): Room;
  /** Takes back the room for `length` bytes that was reserved last, and in which nothing was built. */
  giveBack(length: number): void;
}

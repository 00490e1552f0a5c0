/** One serial port of a board, below `Serial`: bytes out and in, without formats. */
export interface SerialPort {
  /** Sends bytes, in order (copied). @throws Error if the other end is closed. */
  write(bytes: Uint8Array): void;
  /** The number of unread bytes. @throws Error if the line has failed. */
  readonly available: number;
  /** The oldest unread byte, which `read` takes and `peek` leaves; -1 if there is none. */
  read(): number;
  peek(): number;
  /** Calls `callback` whenever bytes arrive, until the returned function is called. */
  onArrival(callback: () => void): () => void;
  /** Sets how many unread bytes it holds. */
  resizeReceiveBuffer(size: number): void;
  /** The reader is gone: releases the source of its bytes, until it is read again. */
  release(): void;
}

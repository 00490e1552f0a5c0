/** One serial port of a board, below `Serial`: bytes out, bytes in, no formats. */
export interface SerialPort {
  /** Sends bytes, in order (copied). @throws Error where the other end is closed. */
  write(bytes: Uint8Array): void;
  /** How many bytes have come and were not read yet. @throws Error where the line has failed. */
  readonly available: number;
  /** The oldest byte that was not read yet, which `read` takes and `peek` leaves; -1 where there is none. */
  read(): number;
  peek(): number;
  /** Calls `callback` whenever bytes have come, until the returned function is called. */
  onArrival(callback: () => void): () => void;
  /** How many unread bytes it holds from now on. */
  resizeReceiveBuffer(size: number): void;
  /** Nobody reads any more: lets go of what feeds it, until somebody reads again. */
  release(): void;
}

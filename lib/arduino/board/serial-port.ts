/** One serial port of a board, below `Serial`: bytes out, bytes in, no formats. */
export interface SerialPort {
  /** Sends bytes, in order (copied). @throws Error where the other end is closed. */
  write(bytes: Uint8Array): void;
  /** How many bytes have come and were not read yet. */
  readonly available: number;
  /** The oldest byte that was not read yet, which `read` takes and `peek` leaves; -1 where there is none. */
  read(): number;
  peek(): number;
  /** Resolves when the next byte comes; at once where one waits already. */
  arrival(): Promise<void>;
}

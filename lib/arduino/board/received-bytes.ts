/** Bytes that came over a serial port and wait to be read: the receiving half of a {@link SerialPort}. */
export class ReceivedBytes {
  readonly #chunks: Uint8Array[] = [];
  #offset = 0;
  #available = 0;
  #waiting: (() => void)[] = [];

  get available(): number {
    return this.#available;
  }

  /** Appends what came (kept: not to be changed any more). */
  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#available += bytes.length;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  read(): number {
    const byte = this.peek();
    const first = this.#chunks[0];
    if (first === undefined) return byte;
    this.#available--;
    this.#offset++;
    if (this.#offset === first.length) {
      this.#chunks.shift();
      this.#offset = 0;
    }
    return byte;
  }

  peek(): number {
    return this.#chunks[0]?.[this.#offset] ?? -1;
  }

  arrival(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#available > 0) resolve();
      else this.#waiting.push(resolve);
    });
  }
}

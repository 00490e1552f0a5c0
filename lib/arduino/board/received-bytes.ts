/** The buffer of an ESP32. */
const DEFAULT_CAPACITY = 256;

/** Bytes that arrived over a serial port and wait to be read: the receiving half of a `SerialPort`. */
export class ReceivedBytes {
  #ring = new Uint8Array(DEFAULT_CAPACITY);
  #first = 0;
  #available = 0;
  readonly #callbacks = new Set<() => void>();

  get available(): number {
    return this.#available;
  }

  /** Appends as many of `bytes` as there is room for (copied), and returns their number. */
  add(bytes: Uint8Array): number {
    const accepted = Math.min(bytes.length, this.#ring.length - this.#available);
    for (let index = 0; index < accepted; index++) {
      this.#ring[(this.#first + this.#available++) % this.#ring.length] = bytes[index]!;
    }
    if (accepted > 0) for (const callback of [...this.#callbacks]) callback();
    return accepted;
  }

  read(): number {
    const byte = this.peek();
    if (byte < 0) return byte;
    this.#first = (this.#first + 1) % this.#ring.length;
    this.#available--;
    return byte;
  }

  peek(): number {
    return this.#available > 0 ? this.#ring[this.#first]! : -1;
  }

  /** Calls `callback` whenever bytes arrive, until the returned function is called. */
  onArrival(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** Sets the room to `size` bytes. Bytes that no longer fit are lost, the newest first. */
  resize(size: number): void {
    const ring = new Uint8Array(size);
    const kept = Math.min(this.#available, size);
    for (let index = 0; index < kept; index++) ring[index] = this.read();
    this.#ring = ring;
    this.#first = 0;
    this.#available = kept;
  }
}

const LF = 0x0a;
const CR = 0x0d;

/** A line without its line break; only its length in bytes if it is too long. */
export type Line = { readonly bytes: Uint8Array } | { readonly tooLong: number };

/**
 * Cuts a stream into lines of bytes, which need not be UTF-8. A line ends with LF or CR LF, or with the stream. At most
 * `maxBytes` of a line are held, and one byte more.
 */
export async function* readLines(stream: AsyncIterable<Uint8Array | string>, maxBytes: number): AsyncGenerator<Line> {
  const line = new GrowingLine(maxBytes);
  for await (const chunk of stream) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      line.append(bytes.subarray(start, end));
      yield line.take(true);
      start = end + 1;
    }
    line.append(bytes.subarray(start));
  }
  if (!line.isEmpty) yield line.take(false);
}

class GrowingLine {
  readonly #maxBytes: number;
  /** `maxBytes` and one byte for a CR, which may belong to the line break. */
  readonly #held: Uint8Array;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#held = new Uint8Array(maxBytes + 1);
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  append(bytes: Uint8Array): void {
    if (this.#length < this.#held.length) {
      this.#held.set(bytes.subarray(0, this.#held.length - this.#length), this.#length);
    }
    this.#length += bytes.length;
  }

  take(ended: boolean): Line {
    const length = this.#length;
    this.#length = 0;
    const endsWithCr = ended && length > 0 && length <= this.#held.length && this.#held[length - 1] === CR;
    const textLength = endsWithCr ? length - 1 : length;
    return textLength > this.#maxBytes ? { tooLong: textLength } : { bytes: this.#held.slice(0, textLength) };
  }
}

const LF = 0x0a;
const CR = 0x0d;

/** A line without its end, or, where it is too long to be sent, only its length. */
export type Line = { readonly bytes: Uint8Array } | { readonly tooLong: number };

/**
 * Cuts a stream into lines, as bytes: what is no UTF-8 stays as it is. A line ends with LF or CR LF; the last one may end
 * with the stream. No more than `maxBytes` of a line are ever held.
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
  /** One byte more, for a CR that may be part of the line's end. */
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

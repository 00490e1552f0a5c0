import type { Clock } from "../core/clock.js";

/** How many of the last entries an error message shows. */
const SHOWN = 12;
/** How many bytes of a message an entry shows. */
const SHOWN_BYTES = 60;

/** What happened, and when, for the error messages of failed tests. */
export class TestJournal {
  readonly #clock: Clock;
  readonly #startedAt: number;
  #entries: string[] = [];
  #left = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  /** Milliseconds since this journal began. */
  get elapsedMs(): number {
    return this.#clock.now() - this.#startedAt;
  }

  add(what: string): void {
    this.#entries.push(`${Math.round(this.elapsedMs)} ms: ${what}`);
    if (this.#entries.length <= SHOWN) return;
    this.#entries.shift();
    this.#left++;
  }

  /** The last entries, one line each. */
  toString(): string {
    if (this.#entries.length === 0) return "  nothing";
    const lines = this.#left === 0 ? this.#entries : [`(${this.#left} entries before)`, ...this.#entries];
    return lines.map((line) => `  ${line}`).join("\n");
  }
}

/** A readable form of a message: text if it is text, else hex. */
export function shown(data: Uint8Array): string {
  const cut = data.subarray(0, SHOWN_BYTES);
  const text = Buffer.from(cut).toString();
  const isText = Buffer.from(text).equals(Buffer.from(cut));
  const more = data.length > cut.length ? ` ... (${data.length} bytes)` : "";
  return (isText ? JSON.stringify(text) : `bytes ${Buffer.from(cut).toString("hex")}`) + more;
}

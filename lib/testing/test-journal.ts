import type { Clock } from "../core/clock.js";

/** So many of the last entries are shown. */
const SHOWN = 12;
/** Of a message so much is shown. */
const SHOWN_BYTES = 60;

/** What happened, and when, for messages of tests that fail. */
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

  /** The last entries, a line for each. */
  toString(): string {
    if (this.#entries.length === 0) return "  nothing";
    const lines = this.#left === 0 ? this.#entries : [`(${this.#left} entries before)`, ...this.#entries];
    return lines.map((line) => `  ${line}`).join("\n");
  }
}

/** A message as a person wants to see it: as text where it is text, else as hex. */
export function shown(data: Uint8Array): string {
  const cut = data.subarray(0, SHOWN_BYTES);
  const text = Buffer.from(cut).toString();
  const isText = Buffer.from(text).equals(Buffer.from(cut));
  const more = data.length > cut.length ? ` ... (${data.length} bytes)` : "";
  return (isText ? JSON.stringify(text) : `bytes ${Buffer.from(cut).toString("hex")}`) + more;
}

/** As many lines of one kind a second; an attacker must not fill a log. */
const LINES_PER_SECOND = 10;

/** Passes on at most ten lines a second, and says with the next one how many were left out. */
export class LineLimit {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  #second = -1;
  #written = 0;
  #leftOut = 0;

  constructor(write: (line: string) => void, now: () => number = () => performance.now()) {
    this.#write = write;
    this.#now = now;
  }

  line(line: string): void {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#written = 0;
    }
    if (this.#written === LINES_PER_SECOND) {
      this.#leftOut++;
      return;
    }
    this.#written++;
    this.#write(this.#leftOut === 0 ? line : `${line} (and ${this.#leftOut} more since the line before)`);
    this.#leftOut = 0;
  }
}

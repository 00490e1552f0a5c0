import { LogRateLimiter } from "../session/log-rate-limiter.js";

const LINES_PER_SECOND = 10;

/** Writes at most ten lines a second, and adds to the next one how many were left out. */
export class LineLimit {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  readonly #limiter: LogRateLimiter;

  constructor(write: (line: string) => void, now: () => number = () => performance.now()) {
    this.#write = write;
    this.#now = now;
    this.#limiter = new LogRateLimiter(LINES_PER_SECOND, now());
  }

  line(line: string): void {
    const leftOut = this.#limiter.tryPass(this.#now());
    if (leftOut === null) return;
    this.#write(leftOut === 0 ? line : `${line} (and ${leftOut} more since the line before)`);
  }
}

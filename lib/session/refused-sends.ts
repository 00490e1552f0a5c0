import type { UsmpError } from "../errors.js";

/** Counts refused sends, and reports the first of each run of them; a run ends when a send is taken. */
export class RefusedSends {
  readonly #report: (reason: UsmpError) => void;
  #count = 0;
  #runs = false;

  constructor(report: (reason: UsmpError) => void) {
    this.#report = report;
  }

  get count(): number {
    return this.#count;
  }

  refused(reason: UsmpError): void {
    this.#count++;
    if (this.#runs) return;
    this.#runs = true;
    this.#report(reason);
  }

  taken(): void {
    this.#runs = false;
  }
}

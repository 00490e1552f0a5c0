import { causeText } from "../../errors.js";

interface SketchErrorDetails {
  readonly site: string | null;
  /** What repeats the failure, such as a seed; null if nothing is needed. */
  readonly repeatedBy: string | null;
}

/** A sketch that failed: where, why, and on which of its lines. The `cause` is what it threw. */
export class SketchError extends Error {
  override readonly name = "SketchError";
  /** The code that was running: `"loop()"`, `"onMessage callback"`. */
  readonly where: string;
  /** The place in the sketch, `"/home/me/blink.ts:12:5"`; null if the stack trace names none. */
  readonly site: string | null;

  constructor(where: string, cause: unknown, { site, repeatedBy }: SketchErrorDetails) {
    const at = site === null ? "" : `\n    at ${site}`;
    const again = repeatedBy === null ? "" : `\n    (to repeat it: ${repeatedBy})`;
    super(`${where}: ${causeText(cause)}${at}${again}`, { cause });
    this.where = where;
    this.site = site;
  }
}

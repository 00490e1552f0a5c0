import { causeText } from "../../errors.js";

interface SketchErrorDetails {
  readonly site: string | null;
  /** What has to be known to repeat it; null: nothing. */
  readonly repeatedBy: string | null;
}

/** A sketch that failed: where, why, and on which line of its own. What it threw is the `cause`. */
export class SketchError extends Error {
  override readonly name = "SketchError";
  /** What was running: `"loop()"`, `"onMessage callback"`. */
  readonly where: string;
  /** The sketch's own place, `"/home/me/blink.ts:12:5"`; null where the stack trace names none. */
  readonly site: string | null;

  constructor(where: string, cause: unknown, { site, repeatedBy }: SketchErrorDetails) {
    const at = site === null ? "" : `\n    at ${site}`;
    const again = repeatedBy === null ? "" : `\n    (to repeat it: ${repeatedBy})`;
    super(`${where}: ${causeText(cause)}${at}${again}`, { cause });
    this.where = where;
    this.site = site;
  }
}

import { causeText } from "../../errors.js";
import { callSite } from "./call-site.js";

/** A sketch that failed: where, why, and on which line of its own. What it threw is the `cause`. */
export class SketchError extends Error {
  override readonly name = "SketchError";
  /** What was running: `"loop()"`, `"onMessage callback"`. */
  readonly where: string;
  /** The sketch's own place, `"/home/me/blink.ts:12:5"`; null where the stack trace names none. */
  readonly site: string | null;

  /** `site`: where the stack trace of `cause` does not say it. */
  constructor(where: string, cause: unknown, site: string | null = callSite(cause)) {
    super(`${where}: ${causeText(cause)}${site === null ? "" : `\n    at ${site}`}`, { cause });
    this.where = where;
    this.site = site;
  }
}

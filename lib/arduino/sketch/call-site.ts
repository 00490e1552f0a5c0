/**
 * The place in the sketch where something happened: the first line of a stack trace that belongs neither to this
 * library, nor to Node, nor to a package.
 */

/** A line of a stack trace: the function, and its place in brackets. */
const LINE = /^\s+at (?:async )?(?:.*? \()?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*):(\d+):(\d+)\)?$/;

/**
 * Code from a string has no place of its own. Such a line names the evaluating code, without its line in the source.
 */
const EVALUATED = / \(eval at /;

/** This library's own folder: `lib/` in the sources, `dist/` in the package. */
const OWN_FOLDER = placesOf(new Error("for its stack trace"))[0]?.file.replace(
  /(arduino[\\/]sketch[\\/])?[^\\/]*$/,
  "",
);

interface Place {
  /** A path, even if the stack trace has a URL: imported modules are named by URL, required ones by path. */
  readonly file: string;
  readonly line: string;
  readonly column: string;
}

/** `"/home/me/blink.ts:12:5"`, or null if no line of the stack trace is the sketch's. */
export function callSite(traced: unknown): string | null {
  const places = placesOf(traced);
  const place = places.find(({ file }) => isSketch(file)) ?? null;
  return place === null ? null : `${place.file}:${place.line}:${place.column}`;
}

/** More than the library's own calls above the sketch's. */
const DEEPEST_CALL = 20;

/** Records the sketch's current place. The text is made only on request. */
export class Trace {
  declare readonly stack: string;

  constructor() {
    const usual = Error.stackTraceLimit;
    Error.stackTraceLimit = DEEPEST_CALL;
    Error.captureStackTrace(this, Trace);
    Error.stackTraceLimit = usual;
  }
}

/** A wait that succeeded this often is no longer traced. */
const TRACES_PER_WAIT = 500;
/** How many different waits are counted, such as `delay(10)` and `delay(20)`. */
const MAX_WAITS = 64;

/**
 * Records a stack trace for the first 500 waits of each kind, because a trace takes longer than the rest of a wait. A
 * missing `await` shows on the first run of its line.
 */
export class TraceBudget {
  readonly #taken = new Map<string, number>();

  take(what: string): Trace | null {
    const taken = this.#taken.get(what) ?? 0;
    if (taken === TRACES_PER_WAIT) return null;
    if (this.#taken.size === MAX_WAITS) this.#taken.clear();
    this.#taken.set(what, taken + 1);
    return new Trace();
  }
}

function placesOf(error: unknown): Place[] {
  return stackOf(error)
    .split("\n")
    .filter((line) => !EVALUATED.test(line))
    .flatMap((line) => {
      const [, file, at, column] = LINE.exec(line) ?? [];
      return file === undefined || at === undefined || column === undefined
        ? []
        : [{ file: asPath(file), line: at, column }];
    });
}

/** The stack of a thrown value, or "". Never throws, even if reading the stack does. */
function stackOf(error: unknown): string {
  try {
    const stack: unknown = typeof error === "object" && error !== null && "stack" in error ? error.stack : null;
    return typeof stack === "string" ? stack : "";
  } catch {
    return "";
  }
}

function isSketch(file: string): boolean {
  return !/[\\/]node_modules[\\/]/.test(file) && !(OWN_FOLDER !== undefined && file.startsWith(OWN_FOLDER));
}

function asPath(file: string): string {
  if (!file.startsWith("file://")) return file;
  try {
    return decodeURIComponent(new URL(file).pathname).replace(/^\/([A-Za-z]:)/, "$1");
  } catch {
    return file;
  }
}

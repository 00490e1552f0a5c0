/**
 * Where in the sketch something happened: the first line of a stack trace that is neither this library's, nor Node's, nor a
 * package's.
 */

/** A line of a stack trace: who was called, in brackets where. */
const LINE = /^\s+at (?:async )?(?:.*? \()?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*):(\d+):(\d+)\)?$/;

/** Code from a string has no place of its own: this names whoever evaluated it, and not by its line in the source. */
const EVALUATED = / \(eval at /;

/** This library's own folder: of the sources `lib/`, of the package `dist/`. */
const OWN_FOLDER = placesOf(new Error("for its stack trace"))[0]?.file.replace(
  /(arduino[\\/]sketch[\\/])?[^\\/]*$/,
  "",
);

interface Place {
  /** A path, also where the stack trace has a URL: of one folder, modules are named by URL, and what is required by path. */
  readonly file: string;
  readonly line: string;
  readonly column: string;
}

/** `"/home/me/blink.ts:12:5"`, or null where no line of the stack trace is the sketch's. */
export function callSite(traced: unknown): string | null {
  const places = placesOf(traced);
  const place = places.find(({ file }) => isSketch(file)) ?? null;
  return place === null ? null : `${place.file}:${place.line}:${place.column}`;
}

/** More than there are calls within this library above the sketch's own. */
const DEEPEST_CALL = 20;

/** Remembers where the sketch stands. The text is made only when it is asked for. */
export class Trace {
  declare readonly stack: string;

  constructor() {
    const usual = Error.stackTraceLimit;
    Error.stackTraceLimit = DEEPEST_CALL;
    Error.captureStackTrace(this, Trace);
    Error.stackTraceLimit = usual;
  }
}

/** A wait that went well so often is not looked at any more. */
const TRACES_PER_WAIT = 500;
/** Waits that are told apart, `delay(10)` from `delay(20)`. */
const MAX_WAITS = 64;

/**
 * Traces for waits, as long as they are worth their time: a trace takes longer than all the rest of a wait. Who forgets an
 * `await` does so the first time that the line runs.
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

/** "" where there is none. Anything can be thrown, also what fails when it is asked for its stack. */
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

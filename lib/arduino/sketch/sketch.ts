import { describeGiven } from "../../core/arguments.js";
/** The functions of a sketch. Each is optional and may be async. Any other return value is ignored. */
export interface SketchFunctions {
  /** Runs once in each life. */
  readonly setup?: (() => unknown) | undefined;
  /** Runs again and again, at most 1,000 times a second. */
  readonly loop?: (() => unknown) | undefined;
}

/**
 * A sketch. A function is called again for each life, so its variables start afresh, as a board's globals do. An
 * object's variables keep their values through a restart.
 */
export type Sketch = SketchFunctions | (() => SketchFunctions);

/** Checks a sketch before anything runs. @throws TypeError for a value that cannot be a sketch */
export function requireSketch(sketch: unknown): void {
  if (typeof sketch === "function" || (typeof sketch === "object" && sketch !== null)) return;
  throw new TypeError(
    `the sketch is ${describeGiven(sketch)}; give { setup, loop }, or a function that returns such an object`,
  );
}

/** The functions for one life. @throws TypeError for a value that is not a sketch */
export function beginSketch(sketch: Sketch): SketchFunctions {
  const functions: unknown = typeof sketch === "function" ? sketch() : sketch;
  if (typeof functions !== "object" || functions === null) {
    throw new TypeError("a sketch is { setup, loop }, or a function that returns such an object");
  }
  const { setup, loop } = functions as Record<string, unknown>;
  for (const [name, value] of Object.entries({ setup, loop })) {
    if (value !== undefined && typeof value !== "function")
      throw new TypeError(`${name} of a sketch must be a function`);
  }
  return functions;
}

/** For every copy of this library in the process. */
const BRAND = Symbol.for("usmp.arduino.sketch-ended");

/**
 * Thrown through a sketch's own code to end its life: by a restart, by deep sleep, and by whatever code of that life
 * asks for its board afterwards. A `catch` of the sketch's cannot keep that life going for long.
 */
export class SketchEnded extends Error {
  override readonly name = "SketchEnded";
  readonly [BRAND] = true;

  constructor() {
    super("this life of the sketch is over: it restarted, went to sleep, or was stopped");
  }
}

/** Whether this is a {@link SketchEnded}, of whichever copy of this library. */
export function isSketchEnded(error: unknown): boolean {
  return typeof error === "object" && error !== null && BRAND in error;
}

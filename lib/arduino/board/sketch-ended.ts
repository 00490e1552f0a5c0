/** Shared by every copy of this library in the process. */
const BRAND = Symbol.for("usmp.arduino.sketch-ended");

/**
 * Thrown through a sketch's own code to end its life: by a restart, by deep sleep, and in code of that life that uses
 * its board afterwards. So a `catch` in the sketch cannot keep that life running.
 */
export class SketchEnded extends Error {
  override readonly name = "SketchEnded";
  readonly [BRAND] = true;

  constructor() {
    super("this life of the sketch is over: it restarted, went to sleep, or was stopped");
  }
}

/** Whether this is a {@link SketchEnded}, of any copy of this library. */
export function isSketchEnded(error: unknown): boolean {
  return typeof error === "object" && error !== null && BRAND in error;
}

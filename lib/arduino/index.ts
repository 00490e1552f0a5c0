/** What a sketch imports. */
export { HIGH, INPUT, INPUT_PULLDOWN, INPUT_PULLUP, LED_BUILTIN, LOW, OUTPUT, OUTPUT_OPEN_DRAIN } from "./constants.js";
export { digitalRead, digitalWrite, pinMode } from "./digital-io.js";
export { delay, delayMicroseconds, micros, millis } from "./time.js";

export { isMain } from "./sketch/is-main.js";
export { runSketch, type RunSketchOptions } from "./sketch/run-sketch.js";
export type { Sketch, SketchFunctions } from "./sketch/sketch.js";
export { SketchError } from "./sketch/sketch-error.js";

/** The entry `usmp/arduino`: everything that a sketch imports. */
import type { BoardTransport as TransportClass } from "./client/usmp.js";

export * from "./constants.js";

export { delay, delayMicroseconds, micros, millis } from "./time.js";
export { digitalRead, digitalWrite, pinMode, shiftIn, shiftOut } from "./digital-io.js";
export {
  analogRead,
  analogReadMilliVolts,
  analogReadResolution,
  analogWrite,
  analogWriteResolution,
  ledcAttach,
  ledcDetach,
  ledcWrite,
} from "./analog-io.js";
export { attachInterrupt, detachInterrupt, digitalPinToInterrupt, interrupts, noInterrupts } from "./interrupts.js";
export { pulseIn } from "./pulses.js";
export { noTone, tone } from "./tone.js";
export { random, randomSeed } from "./random-numbers.js";
export * from "./numbers.js";
export * from "./core-names.js";
export { rtcData } from "./rtc-data.js";

export { USMPClient, type ConnectionCallback, type MessageCallback } from "./client/usmp-client.js";
export { USMPClientStatic } from "./client/usmp-client-static.js";
export { USMP, USMPArduinoTcpCtx, USMPArduinoUdpCtx } from "./client/usmp.js";
export * from "./client/constants.js";

export { isMain } from "./sketch/is-main.js";
export { runSketch, type RunSketchOptions } from "./sketch/run-sketch.js";
export type { Sketch, SketchFunctions } from "./sketch/sketch.js";
export * from "./board/pin-layouts.js";
export type { PinLayout } from "./board/pin-layout.js";
export type { BoardNetwork } from "./board/network.js";
export { SketchError } from "./sketch/sketch-error.js";

/** The type that `USMP.TCP()` and `USMP.UDP()` return. There is no value to import. */
export type BoardTransport = TransportClass;

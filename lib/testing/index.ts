/** What a test of a sketch imports. */
export {
  type AnalogOptions,
  type PinOutput,
  type PressOptions,
  type UntilOptions,
  VirtualBoard,
  type VirtualBoardOptions,
  type VirtualNetwork,
} from "./virtual-board.js";
export { VirtualClock } from "./virtual-clock.js";
export type { VirtualSerial } from "./virtual-serial.js";
export { SketchError } from "../arduino/sketch/sketch-error.js";

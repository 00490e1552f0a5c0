/** What a test of a sketch imports. */
export {
  type PinOutput,
  type PressOptions,
  VirtualBoard,
  type VirtualBoardOptions,
  type VirtualNetwork,
} from "./virtual-board.js";
export { VirtualClock } from "./virtual-clock.js";
export type { VirtualSerial } from "./virtual-serial.js";
export { SketchError } from "../arduino/sketch/sketch-error.js";

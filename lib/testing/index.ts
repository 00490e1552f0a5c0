/** What a test of a sketch, or of a transport, imports. */
import type { VirtualSerial as SerialClass } from "./virtual-serial.js";

export {
  type AnalogOptions,
  type BoardOutput,
  type PinOutput,
  type PressOptions,
  type UntilOptions,
  VirtualBoard,
  type VirtualBoardOptions,
} from "./virtual-board.js";
export { type GatewayMessage, TestGateway, type TestGatewayOptions, type WaitOptions } from "./test-gateway.js";
export type { NetworkConditions } from "./test-network.js";
export type { PluggedBoard, VirtualNetwork } from "./virtual-network.js";
export type { ConformanceCase } from "./conformance/cases.js";
export { datagramTransportCases, type DatagramTransportRig } from "./conformance/datagram-cases.js";
export { streamTransportCases, type StreamTransportRig } from "./conformance/stream-cases.js";
export { VirtualClock } from "./virtual-clock.js";
export type { PinLayout } from "../arduino/board/pin-layout.js";
export { SketchError } from "../arduino/sketch/sketch-error.js";

/** What `board.serial` is. A type alone: there is no such value to import. */
export type VirtualSerial = SerialClass;

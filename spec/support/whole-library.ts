/** The entries of the package in one module, and what a spec connects them with. */
export * from "../../lib/index.js";
export { delay, Serial, USMP, USMPClient } from "../../lib/arduino/index.js";
export { TestGateway, VirtualBoard } from "../../lib/testing/index.js";
export { systemClock } from "../../lib/transport/system-clock.js";
export { MemoryNetwork } from "../../lib/testing/network/memory.js";

import type { UsmpError } from "../errors.js";

/** Until the handshake is done. */
export interface HandshakeHandlers {
  /** Gateway: answer with `providePsk`. */
  onHello(deviceId: Uint8Array): void;
  /** Calls `attach` before it returns. */
  onEstablished(deviceId: Uint8Array, sessionId: Uint8Array): void;
  /** There will be no session. */
  onFailed(error: UsmpError): void;
}

/** From then on. */
export interface SessionHandlers {
  onMessage(data: Uint8Array): void;
  onPong(roundTripMs: number): void;
  onRekeyed(by: "self" | "peer"): void;
  /** There is room again after a refused `send`. */
  onDrain(): void;
  /** What waits to be sent is as much again as there is room for; or nothing waits any more. */
  onSendBackpressure(piled: boolean): void;
  /** Once, and the last. */
  onClosed(error: UsmpError): void;
}

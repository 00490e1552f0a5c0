import type { UsmpError } from "../errors.js";

/** Called until the handshake is done. */
export interface HandshakeHandlers {
  /** On a gateway: answer with `providePsk`. */
  onHello(deviceId: Uint8Array): void;
  /** Must call `attach` before it returns. */
  onEstablished(deviceId: Uint8Array, sessionId: Uint8Array): void;
  /** The handshake failed: there is no session. */
  onFailed(error: UsmpError): void;
}

/** Called from "established" on. */
export interface SessionHandlers {
  onMessage(data: Uint8Array): void;
  onPong(roundTripMs: number): void;
  onRekeyed(by: "self" | "peer"): void;
  /** There is room again after a refused `send`. */
  onDrain(): void;
  /** `true` when the waiting `sendAsync` calls reach `maxUnsentBytes`; `false` when none waits. */
  onSendBackpressure(piled: boolean): void;
  /** Called once, as the last. */
  onClosed(error: UsmpError): void;
}

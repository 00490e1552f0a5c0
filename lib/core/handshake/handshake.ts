import { UsmpError } from "../../errors.js";
import type { Frame } from "../wire/frame.js";
import type { HandshakeResult } from "./key-derivation.js";
import { frameTypeName, type HandshakeType } from "../wire/wire.js";

/** A plaintext frame to send. */
export interface HandshakeFrame {
  readonly type: HandshakeType;
  readonly seq: number;
  readonly payload: Uint8Array;
}

/** What came of one step: a frame to send, a key to look up, or the end with all that was agreed. */
export type HandshakeStep =
  | { readonly type: "send"; readonly frame: HandshakeFrame }
  | { readonly type: "lookup"; readonly deviceId: Uint8Array }
  /** `result` may be computed only when it is asked for, which is once: until then `wipe` forgets the secrets. It throws as `receive` does. */
  | { readonly type: "done"; readonly frame: HandshakeFrame | null; readonly result: HandshakeResult };

/** One end of the handshake (§3), without I/O. After an error, or "done" and its result, it is used up. */
export interface Handshake {
  /** The first frame to send, or null where the peer speaks first. Called once, before anything else. */
  start(): HandshakeFrame | null;
  /**
   * Takes the peer's next frame (borrowed).
   * @throws UsmpError HANDSHAKE where it is not the frame that belongs here, AUTH where it proves the wrong key.
   */
  receive(frame: Frame): HandshakeStep;
  /**
   * Answers "lookup": the device's key, and during a rotation the one before it (copied); null for what it does not have.
   * Null where no answer is awaited.
   */
  providePsk(psk: Uint8Array | null, previousPsk?: Uint8Array | null): HandshakeFrame | null;
  /** Does ahead what can be done while the peer's answer is on its way. */
  prepare?(): void;
  /** What it means that the connection ended at this point. */
  endedEarly(cause?: UsmpError): UsmpError;
  /** What it means that the deadline passed at this point. */
  timedOut(timeoutMs: number): UsmpError;
  /** Forgets all secrets. Harmless at any time. */
  wipe(): void;
}

/** @throws UsmpError HANDSHAKE unless the frame has this type and payload length. */
export function expectFrame(frame: Frame, type: number, ...lengths: readonly number[]): void {
  if (frame.type !== type) {
    throw new UsmpError("HANDSHAKE", `the peer sent ${frameTypeName(frame.type)} where ${frameTypeName(type)} belongs`);
  }
  if (!lengths.includes(frame.payload.length)) {
    const allowed = lengths.join(" or ");
    throw new UsmpError(
      "HANDSHAKE",
      `${frameTypeName(type)} with ${frame.payload.length} payload bytes; it has ${allowed}`,
    );
  }
}

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

/** What the connection does next: send an answer, look up a key, or call `conclude` after it sent `frame`. */
export type HandshakeStep =
  | { readonly type: "send"; readonly frame: HandshakeFrame }
  | { readonly type: "lookup"; readonly deviceId: Uint8Array }
  | { readonly type: "done"; readonly frame: HandshakeFrame | null };

/** One end of the handshake (§3), without I/O. After an error or `conclude` it takes no frame. */
export interface Handshake {
  /** Returns the first frame, or null if the peer speaks first. Called once, before any other method. */
  start(): HandshakeFrame | null;
  /**
   * Takes the peer's next frame (borrowed).
   * @throws UsmpError HANDSHAKE for a frame that does not belong in the present state; AUTH if it proves a wrong key.
   */
  receive(frame: Frame): HandshakeStep;
  /**
   * Answers "lookup" with the device's key and, during a key rotation, its previous key (both copied). Null: it has
   * none. Returns CHALLENGE, or null if no answer is awaited.
   */
  providePsk(psk: Uint8Array | null, previousPsk?: Uint8Array | null): HandshakeFrame | null;
  /** Computes ahead what the peer's next frame will need. Call it when all output has been written. */
  prepare?(): void;
  /**
   * Computes the result, and wipes all other secrets. Call it once, after `receive` returned "done".
   * @throws UsmpError AUTH if the peer's public key is of low order.
   */
  conclude(): HandshakeResult;
  /** The error to report if the link ends in the present state. */
  endedEarly(cause?: UsmpError): UsmpError;
  /** The error to report if the deadline passes in the present state. */
  timedOut(timeoutMs: number): UsmpError;
  /** Wipes all secrets. Harmless at any time. */
  wipe(): void;
}

/** @throws UsmpError HANDSHAKE unless the frame has this type and payload length. */
export function expectFrame(frame: Frame, type: number, ...lengths: readonly number[]): void {
  if (frame.type !== type) {
    throw new UsmpError("HANDSHAKE", `the peer sent ${frameTypeName(frame.type)} instead of ${frameTypeName(type)}`);
  }
  if (!lengths.includes(frame.payload.length)) {
    const allowed = lengths.join(" or ");
    throw new UsmpError(
      "HANDSHAKE",
      `${frameTypeName(type)} with ${frame.payload.length} payload bytes; it has ${allowed}`,
    );
  }
}

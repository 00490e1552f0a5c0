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

/** What the connection does after one frame: send an answer, look up a key, or call `conclude`, after `frame` was sent. */
export type HandshakeStep =
  | { readonly type: "send"; readonly frame: HandshakeFrame }
  | { readonly type: "lookup"; readonly deviceId: Uint8Array }
  | { readonly type: "done"; readonly frame: HandshakeFrame | null };

/** One end of the handshake (§3), without I/O. After an error or `conclude` it takes no frame. */
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
  /** Computes ahead what the peer's answer will need. Call it when all output has been written. */
  prepare?(): void;
  /**
   * Computes the result, and wipes all other secrets. Call it once, after `receive` returned "done".
   * @throws UsmpError AUTH if the peer's public key is of low order.
   */
  conclude(): HandshakeResult;
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

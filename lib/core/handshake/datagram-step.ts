import type { UsmpError } from "../../errors.js";
import type { Frame } from "../wire/frame.js";
import type { HandshakeFrame } from "./handshake.js";
import type { HandshakeResult } from "./key-derivation.js";

/** What a session over datagrams begins with. */
export interface DatagramAgreement extends HandshakeResult {
  /** As the handshake showed it, null where it did not. */
  readonly roundTripMs: number | null;
}

/** What came of a datagram that belongs to the handshake; it is acknowledged. */
export type DatagramHandshakeStep =
  /** Nothing new: an answer that was given before, once more, or none. */
  | { readonly type: "again"; readonly send: readonly HandshakeFrame[] }
  | { readonly type: "lookup"; readonly deviceId: Uint8Array }
  /** `send` goes out; all of `repeat` goes out again until its reply comes. */
  | { readonly type: "reply"; readonly send: HandshakeFrame; readonly repeat: readonly HandshakeFrame[] }
  | { readonly type: "done"; readonly send: HandshakeFrame | null; readonly result: HandshakeResult };

/**
 * One end of the handshake over datagrams (§3, §6), without I/O: they get lost, doubled and overtaken, and anybody can
 * forge one. So what does not belong is dropped, and a forged one never keeps the real one out.
 */
export interface DatagramHandshake {
  /** The first frame, or null where the peer speaks first. Called once, before anything else. */
  start(): HandshakeFrame | null;
  /**
   * Takes a frame (borrowed); null where it is to be dropped without an acknowledgement.
   * @throws UsmpError AUTH where somebody who has the key does what nobody may.
   */
  receive(frame: Frame): DatagramHandshakeStep | null;
  /**
   * Answers "lookup": the device's key, and during a rotation the one before it (copied); null for what it does not have.
   * Null where no answer is awaited.
   */
  providePsk(psk: Uint8Array | null, previousPsk?: Uint8Array | null): HandshakeFrame | null;
  /** What it means that the deadline passed at this point. */
  timedOut(timeoutMs: number): UsmpError;
  /** Forgets all secrets. Harmless at any time. */
  wipe(): void;
}

import type { UsmpError } from "../../errors.js";
import type { Frame } from "../wire/frame.js";
import type { HandshakeFrame } from "./handshake.js";
import type { HandshakeResult } from "./key-derivation.js";

/** What a session over datagrams starts from. */
export interface DatagramAgreement extends HandshakeResult {
  /** The handshake's round trip in milliseconds; null if it was not measured. */
  readonly roundTripMs: number | null;
}

/** What the connection does after a datagram that belongs to the handshake, besides acknowledging it. */
export type DatagramHandshakeStep =
  /** A repeated frame: repeats the answer, if there is one. */
  | { readonly type: "again"; readonly send: readonly HandshakeFrame[] }
  | { readonly type: "lookup"; readonly deviceId: Uint8Array }
  /** Sends `send`, and retransmits all of `repeat` until a reply comes. */
  | { readonly type: "reply"; readonly send: HandshakeFrame; readonly repeat: readonly HandshakeFrame[] }
  | { readonly type: "done"; readonly send: HandshakeFrame | null; readonly result: HandshakeResult };

/**
 * One end of the handshake over datagrams (§3, §6), without I/O. Datagrams get lost, doubled and reordered, and an
 * attacker can forge them. So one that does not belong is dropped, and a forged one never keeps the real one out.
 */
export interface DatagramHandshake {
  /** Returns the first frame, or null if the peer speaks first. Called once, before any other method. */
  start(): HandshakeFrame | null;
  /**
   * Takes a frame (borrowed). Null: drop it without an acknowledgement.
   * @throws UsmpError AUTH if a peer that has proved the PSK sent a public key of low order.
   */
  receive(frame: Frame): DatagramHandshakeStep | null;
  /**
   * Answers "lookup" with the device's key and, during a key rotation, its previous key (both copied). Null: it has
   * none. Returns CHALLENGE, or null if no answer is awaited.
   */
  providePsk(psk: Uint8Array | null, previousPsk?: Uint8Array | null): HandshakeFrame | null;
  /** The error to report if the deadline passes in the present state. */
  timedOut(timeoutMs: number): UsmpError;
  /** Wipes all secrets. Harmless at any time. */
  wipe(): void;
}

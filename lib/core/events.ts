import type { UsmpError } from "../errors.js";

/** What comes out of a connection besides bytes. "closed" is the last event. */
export type ConnectionEvent =
  /** Gateway only: a device (6 bytes) sent HELLO. Answer with `providePsk`. */
  | { readonly type: "hello"; readonly deviceId: Uint8Array }
  | { readonly type: "established"; readonly deviceId: Uint8Array; readonly sessionId: Uint8Array }
  /** A whole, verified message. The receiver owns `data`. */
  | { readonly type: "message"; readonly data: Uint8Array }
  | { readonly type: "pong"; readonly roundTripMs: number }
  /** This end now sends under new keys, because it or the peer rotated them. */
  | { readonly type: "rekeyed"; readonly by: "self" | "peer" }
  | { readonly type: "closed"; readonly error: UsmpError };

/** What an application asks of a session besides sending messages. */
export type SessionRequest =
  /** Sends PING as soon as the peer's limits allow. If one is unanswered, its "pong" event answers both. */
  | { readonly type: "ping" }
  /** Sends PING after this long without sending, or without receiving; 0: never. See `Keepalive.setPingAfter`. */
  | { readonly type: "pingAfter"; readonly ms: number }
  /** Rotates the keys as soon as the rules allow; a "rekeyed" event follows. Requests before that are one. */
  | { readonly type: "rekey" };

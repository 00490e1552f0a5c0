/** The layout of the handshake's payloads (§2, §3). What they mean is the handshakes' business. */
import { concat, copyOf } from "./bytes.js";
import {
  COOKIE_LENGTH,
  DEVICE_ID_LENGTH,
  HANDSHAKE_NONCE_LENGTH,
  HMAC_LENGTH,
  PUBLIC_KEY_LENGTH,
  SESSION_ID_LENGTH,
} from "./wire.js";

/** HELLO: `device_id(6) || pub_C(32)`. After a HELLO_RETRY, `|| cookie(16)` follows. */
export const HELLO_LENGTH = DEVICE_ID_LENGTH + PUBLIC_KEY_LENGTH;
export const HELLO_WITH_COOKIE_LENGTH = HELLO_LENGTH + COOKIE_LENGTH;
/** CHALLENGE: `nonce(32) || pub_S(32)`. */
export const CHALLENGE_LENGTH = HANDSHAKE_NONCE_LENGTH + PUBLIC_KEY_LENGTH;
/** SESSION_OK: `session_id(16) || hmac_server(32)`. */
export const SESSION_OK_LENGTH = SESSION_ID_LENGTH + HMAC_LENGTH;

/** Sequence numbers of handshake frames, as public peers use them (§9). No peer checks them. */
export const DEVICE_SEQ = { hello: 0, helloWithCookie: 1, helloAck: 2 } as const;
export const GATEWAY_SEQ = 0;

/** Reads HELLO. Both arrays are copies. */
export function readHello(payload: Uint8Array): { readonly deviceId: Uint8Array; readonly pubC: Uint8Array } {
  return { deviceId: copyOf(payload, 0, DEVICE_ID_LENGTH), pubC: copyOf(payload, DEVICE_ID_LENGTH, HELLO_LENGTH) };
}

/** Reads CHALLENGE. Both arrays are copies. */
export function readChallenge(payload: Uint8Array): { readonly nonce: Uint8Array; readonly pubS: Uint8Array } {
  return { nonce: copyOf(payload, 0, HANDSHAKE_NONCE_LENGTH), pubS: copyOf(payload, HANDSHAKE_NONCE_LENGTH) };
}

/** Reads SESSION_OK. The id is a copy; the HMAC is borrowed from `payload`. */
export function readSessionOk(payload: Uint8Array): {
  readonly sessionId: Uint8Array;
  readonly hmacServer: Uint8Array;
} {
  return { sessionId: copyOf(payload, 0, SESSION_ID_LENGTH), hmacServer: payload.subarray(SESSION_ID_LENGTH) };
}

export function writeHello(deviceId: Uint8Array, pubC: Uint8Array, cookie?: Uint8Array): Uint8Array {
  return cookie === undefined ? concat(deviceId, pubC) : concat(deviceId, pubC, cookie);
}

/** Numbers of the wire (§1, §2, §4). Lengths are bytes. */

/** `0xABCD`, little-endian on the wire. */
export const MAGIC_BYTES = [0xcd, 0xab] as const;
export const VERSION = 0x02;

export const HEADER_LENGTH = 12;
/** Header bytes 0..9, which the CRC covers. They are also the associated data of a session frame. */
export const CHECKED_HEADER_LENGTH = 10;
export const MAX_PAYLOAD_LENGTH = 480;
export const MAX_FRAME_LENGTH = HEADER_LENGTH + MAX_PAYLOAD_LENGTH;

export const DEVICE_ID_LENGTH = 6;
export const PUBLIC_KEY_LENGTH = 32;
export const KEY_LENGTH = 32;
export const HANDSHAKE_NONCE_LENGTH = 32;
export const HMAC_LENGTH = 32;
export const SESSION_ID_LENGTH = 16;
export const COOKIE_LENGTH = 16;
export const REKEY_SALT_LENGTH = 32;
export const MIN_PSK_LENGTH = 16;

export const AEAD_NONCE_LENGTH = 12;
export const AEAD_TAG_LENGTH = 16;
/** Bytes that sealing adds to a plaintext. A session payload has at least as many. */
export const SEALED_OVERHEAD = AEAD_NONCE_LENGTH + AEAD_TAG_LENGTH;
/** 452. */
export const MAX_PLAINTEXT_LENGTH = MAX_PAYLOAD_LENGTH - SEALED_OVERHEAD;
export const MAX_FRAMES_PER_MESSAGE = 4;
/** 1808. */
export const MAX_MESSAGE_LENGTH = MAX_PLAINTEXT_LENGTH * MAX_FRAMES_PER_MESSAGE;

/** We never use this number. A receiver that sees it ends the session (§4). */
export const FORBIDDEN_SEQ = 0xffff_ffff;
/** The last sequence number of a key, kept for BYE. */
export const LAST_SEQ = 0xffff_fffe;

/** Frame types (§2). */
export const FrameType = {
  HELLO: 0x01,
  CHALLENGE: 0x02,
  HELLO_ACK: 0x03,
  SESSION_OK: 0x04,
  DATA: 0x05,
  PING: 0x06,
  PONG: 0x07,
  BYE: 0x08,
  DATA_FRAG: 0x09,
  HELLO_RETRY: 0x0a,
  REKEY: 0x0b,
} as const;

export type HandshakeType =
  | typeof FrameType.HELLO
  | typeof FrameType.CHALLENGE
  | typeof FrameType.HELLO_ACK
  | typeof FrameType.SESSION_OK
  | typeof FrameType.HELLO_RETRY;

/** Control frames that `ControlPlane` handles. REKEY and BYE are the sessions' own. */
export type ControlType = typeof FrameType.PING | typeof FrameType.PONG;

export type SessionType =
  ControlType | typeof FrameType.DATA | typeof FrameType.BYE | typeof FrameType.DATA_FRAG | typeof FrameType.REKEY;

/** Whether a type byte belongs to the handshake. */
export function isHandshakeType(type: number): type is HandshakeType {
  return (type >= FrameType.HELLO && type <= FrameType.SESSION_OK) || type === FrameType.HELLO_RETRY;
}

/** Whether a type byte belongs to an established session, whose frames are sealed. */
export function isSessionType(type: number): type is SessionType {
  return (type >= FrameType.DATA && type <= FrameType.DATA_FRAG) || type === FrameType.REKEY;
}

/** Whether frames of this type carry an empty plaintext (§2). */
export function sealsNothing(type: number): boolean {
  return type === FrameType.PING || type === FrameType.PONG || type === FrameType.BYE;
}

/** The name of a type byte, such as `"DATA"`; `"0xff"` if it has none. */
export function frameTypeName(type: number): string {
  const found = Object.entries(FrameType).find(([, value]) => value === type);
  return found === undefined ? `0x${type.toString(16).padStart(2, "0")}` : found[0];
}

/** Numbers of the wire (§1, §2, §4). Lengths are bytes. */

/** `0xABCD`, little-endian on the wire. */
export const MAGIC_BYTES = [0xcd, 0xab] as const;
export const VERSION = 0x02;

export const HEADER_LENGTH = 12;
/** Header bytes 0..9: everything but the CRC. Also the associated data of a session frame. */
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
/** What sealing adds to a plaintext; also the shortest session payload. */
export const SEALED_OVERHEAD = AEAD_NONCE_LENGTH + AEAD_TAG_LENGTH;
/** The longest plaintext of one frame: 452. */
export const MAX_PLAINTEXT_LENGTH = MAX_PAYLOAD_LENGTH - SEALED_OVERHEAD;
export const MAX_FRAMES_PER_MESSAGE = 4;
/** The longest message: 1808. */
export const MAX_MESSAGE_LENGTH = MAX_PLAINTEXT_LENGTH * MAX_FRAMES_PER_MESSAGE;

/** Never used by us; a receiver that sees it ends the session (§4). */
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

/** What the two ends of a session exchange without the application; a session handles REKEY and BYE itself. */
export type ControlType = typeof FrameType.PING | typeof FrameType.PONG;

export type SessionType =
  ControlType | typeof FrameType.DATA | typeof FrameType.BYE | typeof FrameType.DATA_FRAG | typeof FrameType.REKEY;

/** Whether a type byte is one of the handshake's. */
export function isHandshakeType(type: number): type is HandshakeType {
  return (type >= FrameType.HELLO && type <= FrameType.SESSION_OK) || type === FrameType.HELLO_RETRY;
}

/** Whether a type byte is one that only an established session carries, sealed. */
export function isSessionType(type: number): type is SessionType {
  return (type >= FrameType.DATA && type <= FrameType.DATA_FRAG) || type === FrameType.REKEY;
}

/** Whether frames of a type seal nothing, so that their payload has one length (§2). */
export function sealsNothing(type: number): boolean {
  return type === FrameType.PING || type === FrameType.PONG || type === FrameType.BYE;
}

/** A type byte as people read it: `"DATA"`, or `"0xff"` where it has no name. */
export function frameTypeName(type: number): string {
  const found = Object.entries(FrameType).find(([, value]) => value === type);
  return found === undefined ? `0x${type.toString(16).padStart(2, "0")}` : found[0];
}

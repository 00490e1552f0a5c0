/** Frames as a peer, honest or hostile, puts them on the wire. */
import type { CipherName } from "../../lib/core/crypto-provider.js";
import { appendFrame, payloadLength, writeCrc, writeHeader, type Frame } from "../../lib/core/wire/frame.js";
import { StreamOutbox } from "../../lib/core/stream/stream-outbox.js";
import { concat, writeUint32 } from "../../lib/core/wire/bytes.js";
import { HEADER_LENGTH, SEALED_OVERHEAD } from "../../lib/core/wire/wire.js";
import { NOTHING } from "./core-bytes.js";
import { crypto } from "./core-crypto.js";

/** A frame with a right header and CRC, whatever the type and payload. */
export function plainFrame(type: number, payload: Uint8Array = NOTHING, seq = 0): Uint8Array {
  const outbox = new StreamOutbox();
  appendFrame(outbox, type, seq, payload);
  return concat(...outbox.take());
}

/** What a peer that knows one direction of a session seals with. */
export interface Sealer {
  readonly key: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipher?: CipherName;
}

/** A session frame as §4.1 describes it, built without {@link SealingKey}. `nonceSeq` lies in the nonce only. */
export function sealedFrame(
  { key, sessionId, cipher = "aes-256-gcm" }: Sealer,
  type: number,
  seq: number,
  plaintext: Uint8Array = NOTHING,
  nonceSeq = seq,
): Uint8Array {
  const length = plaintext.length + SEALED_OVERHEAD;
  const frame = new Uint8Array(HEADER_LENGTH + length);
  writeHeader(frame, 0, type, seq, length);
  const nonce = frame.subarray(HEADER_LENGTH, HEADER_LENGTH + 12);
  writeUint32(nonce, 0, nonceSeq);
  nonce.set(sessionId.subarray(0, 8), 4);
  const aead = crypto.aead(cipher, key);
  aead.seal(nonce, frame.subarray(0, 10), plaintext, frame, HEADER_LENGTH + 12);
  aead.wipe();
  writeCrc(frame, 0, length);
  return frame;
}

/** `frame` with its CRC made right again after something was changed. */
export function withCrc(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  writeCrc(copy, 0, copy.length - HEADER_LENGTH);
  return copy;
}

/** The frames that lie back to back in `bytes`. */
export function splitFrames(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = start + HEADER_LENGTH + payloadLength(bytes, start);
    frames.push(bytes.slice(start, end));
    start = end;
  }
  return frames;
}

/** The {@link Frame} view of a whole frame's bytes. */
export function asFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { type: bytes[3]!, seq: view.getUint32(4, true), bytes, payload: bytes.subarray(HEADER_LENGTH) };
}

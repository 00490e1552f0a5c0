/** A gateway's choice between both ciphers, and what its peers may send first. */
import { CipherNegotiation } from "../../lib/core/session/cipher-negotiation.js";
import type { CipherName } from "../../lib/core/crypto-provider.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { flipped, NOTHING, utf8 } from "./core-bytes.js";
import { sealedFrame, withCrc } from "./core-frames.js";
import { C2S } from "./core-pair.js";

export const AES = "aes-256-gcm";
export const CHACHA = "chacha20-poly1305";
export const CIPHERS: readonly CipherName[] = [AES, CHACHA];

/** Both ciphers, AES first, and what was learned. */
export function both(preferred: CipherName | null = null): { cipher: CipherNegotiation; learned: CipherName[] } {
  const cipher = new CipherNegotiation([AES, CHACHA]);
  const learned: CipherName[] = [];
  cipher.hint({ preferred, onLearned: (name) => learned.push(name) });
  return { cipher, learned };
}

export function from(cipher: CipherName, type: number, seq: number, plaintext: Uint8Array = NOTHING): Uint8Array {
  return sealedFrame({ ...C2S, cipher }, type, seq, plaintext);
}

/** Neither cipher opens it; everything that a forger can make right is right. */
export function fromNobody(): Uint8Array {
  return withCrc(flipped(from(AES, FrameType.DATA, 0, utf8("x")), -1));
}

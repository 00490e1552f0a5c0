/**
 * One direction of a session under one key (§4):
 *
 *     payload = nonce(12) || ciphertext || tag(16),   nonce = seq(4) || session_id[0..7],   AAD = header bytes 0..9
 */
import { UsmpError } from "../../errors.js";
import { writeUint32 } from "../wire/bytes.js";
import { CipherNegotiation } from "./cipher-negotiation.js";
import type { Aead, CipherName, CryptoProvider } from "../crypto-provider.js";
import { writeCrc, writeHeader, type Frame, type FrameSink } from "../wire/frame.js";
import { inTurn } from "../guarded-crypto.js";
import {
  AEAD_NONCE_LENGTH,
  CHECKED_HEADER_LENGTH,
  FORBIDDEN_SEQ,
  HEADER_LENGTH,
  SEALED_OVERHEAD,
  type SessionType,
} from "../wire/wire.js";

/** What sealing and opening need besides the key. */
export interface SealingContext {
  readonly crypto: CryptoProvider;
  /** One cipher, or a negotiation that all keys of the session share. */
  readonly cipher: CipherName | CipherNegotiation;
  /** 16 bytes; borrowed for good. */
  readonly sessionId: Uint8Array;
}

/** Bytes of the session id in a nonce. */
const NONCE_ID_LENGTH = 8;

const NONCE_OFFSET = HEADER_LENGTH;
const SEALED_OFFSET = NONCE_OFFSET + AEAD_NONCE_LENGTH;

/** Nonce and AAD buffers for one AEAD call. Copying 22 bytes is faster than creating two views. */
class AeadInputs {
  readonly nonce = new Uint8Array(AEAD_NONCE_LENGTH);
  readonly associatedData = new Uint8Array(CHECKED_HEADER_LENGTH);

  /** For a frame whose header is at `offset`. */
  constructor(seq: number, sessionId: Uint8Array, bytes: Uint8Array, offset: number) {
    writeUint32(this.nonce, 0, seq);
    for (let index = 0; index < NONCE_ID_LENGTH; index++) this.nonce[4 + index] = sessionId[index]!;
    for (let index = 0; index < CHECKED_HEADER_LENGTH; index++) this.associatedData[index] = bytes[offset + index]!;
  }
}

/** A key and its cipher, as both directions use them. Keep it in private fields: it exposes the key's bytes. */
class KeyedCipher {
  /** Null until a frame is sealed or verified, if the cipher was not fixed at first. */
  aead: Aead | null = null;
  readonly bytes: Uint8Array;
  /** 16 bytes. Nonces use the first 8. */
  readonly sessionId: Uint8Array;
  readonly #crypto: CryptoProvider;
  readonly #choice: CipherNegotiation;

  constructor({ crypto, cipher, sessionId }: SealingContext, bytes: Uint8Array) {
    this.bytes = bytes;
    this.sessionId = sessionId;
    this.#crypto = crypto;
    this.#choice = CipherNegotiation.of(cipher);
    if (this.#choice.isFixed) this.bind();
  }

  /** Initialises the cipher that was chosen. */
  bind(): Aead {
    this.aead = this.#crypto.aead(this.#choice.cipher, this.bytes);
    return this.aead;
  }

  /**
   * Tries each candidate once (§4.2) and keeps the one that verifies. A candidate that the provider cannot make opens
   * nothing: an attacker can always send a frame that none of the others verifies.
   */
  openAny({ nonce, associatedData }: AeadInputs, sealed: Uint8Array): Uint8Array | null {
    // A frame under another key of this session may have fixed the cipher meanwhile.
    if (this.#choice.isFixed) return this.bind().open(nonce, associatedData, sealed);
    for (const cipher of this.#choice.candidates) {
      const aead = this.#candidate(cipher);
      const plaintext = aead?.open(nonce, associatedData, sealed) ?? null;
      if (aead === null || plaintext === null) {
        aead?.wipe();
        continue;
      }
      this.aead = aead;
      this.#choice.verified(cipher);
      return plaintext;
    }
    return null;
  }

  #candidate(cipher: CipherName): Aead | null {
    try {
      return this.#crypto.aead(cipher, this.bytes);
    } catch {
      return null;
    }
  }

  wipe(): void {
    inTurn(
      () => this.aead?.wipe(),
      () => this.#crypto.wipe(this.bytes),
    );
  }
}

/** Seals what this end sends. A sequence number is spent before anything else happens, and never used again (§4.3). */
export class SealingKey {
  readonly #key: KeyedCipher;
  readonly #firstSeq: number;
  #nextSeq: number;

  /** Takes over `key` (32 bytes), which `wipe` overwrites. */
  constructor(context: SealingContext, key: Uint8Array, firstSeq = 0) {
    this.#key = new KeyedCipher(context, key);
    this.#firstSeq = firstSeq;
    this.#nextSeq = firstSeq;
  }

  /** The sequence number of the next frame. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** How many frames this key has sealed. */
  get frames(): number {
    return this.#nextSeq - this.#firstSeq;
  }

  /** The raw key (32 bytes, borrowed), to derive the next one from. */
  get key(): Uint8Array {
    return this.#key.bytes;
  }

  /**
   * Appends one sealed frame. `plaintext` (at most 452 bytes) is borrowed for the call.
   * @throws UsmpError SEQ_EXHAUSTED if the key has no sequence number left; CRYPTO if the provider fails. Nothing is
   * appended.
   */
  seal(type: SessionType, plaintext: Uint8Array, sink: FrameSink): void {
    const seq = this.#nextSeq;
    if (seq >= FORBIDDEN_SEQ) throw new UsmpError("SEQ_EXHAUSTED", "this key has no sequence number left");
    this.#nextSeq = seq + 1;

    const aead = this.#key.aead ?? this.#key.bind();
    const length = plaintext.length + SEALED_OVERHEAD;
    const { bytes, offset } = sink.reserve(HEADER_LENGTH + length);
    writeHeader(bytes, offset, type, seq, length);
    const { nonce, associatedData } = new AeadInputs(seq, this.#key.sessionId, bytes, offset);
    for (let index = 0; index < AEAD_NONCE_LENGTH; index++) bytes[offset + NONCE_OFFSET + index] = nonce[index]!;
    try {
      aead.seal(nonce, associatedData, plaintext, bytes, offset + SEALED_OFFSET);
    } catch (error) {
      sink.giveBack(HEADER_LENGTH + length);
      throw error;
    }
    writeCrc(bytes, offset, length);
  }

  wipe(): void {
    this.#key.wipe();
  }
}

/** Opens frames of the peer under one key, in any order. */
export class OpeningKey {
  readonly #key: KeyedCipher;

  /** Takes over `key` (32 bytes), which `wipe` overwrites. */
  constructor(context: SealingContext, key: Uint8Array) {
    this.#key = new KeyedCipher(context, key);
  }

  /** The raw key (32 bytes, borrowed), to derive the next one from, and to acknowledge with. */
  get key(): Uint8Array {
    return this.#key.bytes;
  }

  /**
   * Returns the plaintext (fresh, the caller's), or null if the frame does not verify under this key.
   * @throws UsmpError CRYPTO if the frame shows that the cipher was guessed wrong.
   */
  open({ seq, bytes }: Frame): Uint8Array | null {
    const { aead } = this.#key;
    const inputs = new AeadInputs(seq, this.#key.sessionId, bytes, 0);
    const { nonce, associatedData } = inputs;
    // The nonce inside must be the one that `seq` and the session id give. It is public, so a plain comparison will do.
    for (let index = 0; index < AEAD_NONCE_LENGTH; index++) {
      if (bytes[NONCE_OFFSET + index] !== nonce[index]) return null;
    }
    const sealed = bytes.subarray(SEALED_OFFSET);
    return aead === null ? this.#key.openAny(inputs, sealed) : aead.open(nonce, associatedData, sealed);
  }

  wipe(): void {
    this.#key.wipe();
  }
}

/** Opens frames of the peer under one key, strictly in order (§5.1). */
export class OrderedOpeningKey extends OpeningKey {
  #expectedSeq: number;

  /** Takes over `key` (32 bytes), which `wipe` overwrites. */
  constructor(context: SealingContext, key: Uint8Array, firstSeq = 0) {
    super(context, key);
    this.#expectedSeq = firstSeq;
  }

  /** The only sequence number that the next frame may have. */
  get expectedSeq(): number {
    return this.#expectedSeq;
  }

  /** As {@link OpeningKey.open}, but null, with nothing changed, for any other number than the expected one. */
  override open(frame: Frame): Uint8Array | null {
    if (frame.seq !== this.#expectedSeq) return null;
    const plaintext = super.open(frame);
    if (plaintext !== null) this.#expectedSeq++;
    return plaintext;
  }
}

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

/** What sealing and opening need beside the key. */
export interface SealingContext {
  readonly crypto: CryptoProvider;
  /** One cipher, or a choice that all the keys of the session share. */
  readonly cipher: CipherName | CipherNegotiation;
  /** 16 bytes; borrowed for good. */
  readonly sessionId: Uint8Array;
}

/** How much of the session id goes into a nonce. */
const NONCE_ID_LENGTH = 8;

const NONCE_OFFSET = HEADER_LENGTH;
const SEALED_OFFSET = NONCE_OFFSET + AEAD_NONCE_LENGTH;

/** What an AEAD call gets beside its text: copies, as views on each frame cost more. */
class AeadInputs {
  readonly nonce = new Uint8Array(AEAD_NONCE_LENGTH);
  readonly associatedData = new Uint8Array(CHECKED_HEADER_LENGTH);

  /** For a frame whose checked header lies at `offset`. */
  fill(seq: number, sessionId: Uint8Array, bytes: Uint8Array, offset: number): void {
    writeUint32(this.nonce, 0, seq);
    for (let index = 0; index < NONCE_ID_LENGTH; index++) this.nonce[4 + index] = sessionId[index]!;
    for (let index = 0; index < CHECKED_HEADER_LENGTH; index++) this.associatedData[index] = bytes[offset + index]!;
  }
}

/** For all ciphers that do nothing else within their calls, and keep nothing: no call begins before the last one is over. */
const sharedInputs = new AeadInputs();

function inputsFor(aead: Aead | null): AeadInputs {
  return aead?.allowsInputReuse === true ? sharedInputs : new AeadInputs();
}

/** A key with all that both directions do with it. Only ever held in private fields: it shows its bytes. */
class KeyedCipher {
  /** Null until something was sealed or verified under a choice that is not fixed. */
  aead: Aead | null = null;
  readonly bytes: Uint8Array;
  /** Begins with the part that goes into nonces. */
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

  /** With the cipher that was chosen. */
  bind(): Aead {
    this.aead = this.#crypto.aead(this.#choice.cipher, this.bytes);
    return this.aead;
  }

  /**
   * Opens what may be of any candidate, each tried once (§4), and binds to the one that verifies. One that the provider fails to make
   * opens nothing: anybody can send what only that one is left for.
   */
  openAny({ nonce, associatedData }: AeadInputs, sealed: Uint8Array): Uint8Array | null {
    // A frame under another key of this session may have shown it meanwhile.
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

/** Seals what this end sends. Its sequence number only ever grows: it is spent before anything else happens (§4). */
export class SealingKey {
  readonly #key: KeyedCipher;
  readonly #firstSeq: number;
  #nextSeq: number;

  /** Takes `key` (32 bytes) over and wipes it in the end. */
  constructor(context: SealingContext, key: Uint8Array, firstSeq = 0) {
    this.#key = new KeyedCipher(context, key);
    this.#firstSeq = firstSeq;
    this.#nextSeq = firstSeq;
  }

  /** The number that the next frame gets. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** How many frames it has sealed. */
  get frames(): number {
    return this.#nextSeq - this.#firstSeq;
  }

  /** The raw key, borrowed: to derive the next one from. */
  get key(): Uint8Array {
    return this.#key.bytes;
  }

  /** Appends one sealed frame. `plaintext` (at most 452 bytes) is borrowed for the call. */
  seal(type: SessionType, plaintext: Uint8Array, sink: FrameSink): void {
    const seq = this.#nextSeq;
    if (seq >= FORBIDDEN_SEQ) throw new UsmpError("SEQ_EXHAUSTED", "this key has no sequence number left");
    this.#nextSeq = seq + 1;

    const aead = this.#key.aead ?? this.#key.bind();
    const length = plaintext.length + SEALED_OVERHEAD;
    const { bytes, offset } = sink.reserve(HEADER_LENGTH + length);
    writeHeader(bytes, offset, type, seq, length);
    const lent = inputsFor(aead);
    lent.fill(seq, this.#key.sessionId, bytes, offset);
    const { nonce } = lent;
    for (let index = 0; index < AEAD_NONCE_LENGTH; index++) bytes[offset + NONCE_OFFSET + index] = nonce[index]!;
    try {
      aead.seal(nonce, lent.associatedData, plaintext, bytes, offset + SEALED_OFFSET);
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

/** Opens what the peer sent under one key, whatever its number. */
export class OpeningKey {
  readonly #key: KeyedCipher;

  /** Takes `key` (32 bytes) over and wipes it in the end. */
  constructor(context: SealingContext, key: Uint8Array) {
    this.#key = new KeyedCipher(context, key);
  }

  /** The raw key, borrowed: to derive the next one from, and to acknowledge with. */
  get key(): Uint8Array {
    return this.#key.bytes;
  }

  /**
   * The plaintext (fresh, the caller's), or null where the frame does not verify under this key.
   * @throws UsmpError CRYPTO where it shows that the cipher was guessed wrong.
   */
  open({ seq, bytes }: Frame): Uint8Array | null {
    const { aead } = this.#key;
    const lent = inputsFor(aead);
    lent.fill(seq, this.#key.sessionId, bytes, 0);
    const { nonce } = lent;
    // The nonce inside must be the one that `seq` and the session id give. It is no secret: plain compare.
    for (let index = 0; index < AEAD_NONCE_LENGTH; index++) {
      if (bytes[NONCE_OFFSET + index] !== nonce[index]) return null;
    }
    const sealed = bytes.subarray(SEALED_OFFSET);
    return aead === null ? this.#key.openAny(lent, sealed) : aead.open(nonce, lent.associatedData, sealed);
  }

  wipe(): void {
    this.#key.wipe();
  }
}

/** Opens what the peer sent under one key, strictly in order (§5, reliable stream). */
export class OrderedOpeningKey extends OpeningKey {
  #expectedSeq: number;

  /** Takes `key` (32 bytes) over and wipes it in the end. */
  constructor(context: SealingContext, key: Uint8Array, firstSeq = 0) {
    super(context, key);
    this.#expectedSeq = firstSeq;
  }

  /** The only number that the next frame may have. */
  get expectedSeq(): number {
    return this.#expectedSeq;
  }

  /** As without order, and null for any other number than the expected one; then nothing changed. */
  override open(frame: Frame): Uint8Array | null {
    if (frame.seq !== this.#expectedSeq) return null;
    const plaintext = super.open(frame);
    if (plaintext !== null) this.#expectedSeq++;
    return plaintext;
  }
}

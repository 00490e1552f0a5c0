/**
 * What a gateway asks of a device between its CHALLENGE and SESSION_OK (§3): the same over streams and datagrams.
 *
 * A device that is not known, or is no longer, is asked in the same way. Two proofs are computed for every device, whether it
 * has one key, two during a rotation, or none: what it sees, and when, tells it nothing.
 */
import { UsmpError } from "../errors.js";
import { concat, copyOf } from "./bytes.js";
import type { CryptoProvider, KeyPair } from "./crypto-provider.js";
import type { HandshakeFrame } from "./handshake.js";
import {
  deriveSessionKeys,
  hmacClient,
  hmacServer,
  type HandshakeResult,
  type Transcript,
} from "./handshake-crypto.js";
import { GATEWAY_SEQ } from "./handshake-payloads.js";
import { FrameType, HANDSHAKE_NONCE_LENGTH, SESSION_ID_LENGTH } from "./wire.js";

/** What a device has shown so far: nothing, a wrong key (once is enough), its key, or the one before it. */
export type Proof = "none" | "wrong" | "current" | "previous";

export interface GatewayHandshakeOptions {
  readonly crypto: CryptoProvider;
  /** A random key that no device has, borrowed for good: it stands in where a device has fewer than two keys. */
  readonly decoyPsk: Uint8Array;
  /** Gives a fresh key pair, this handshake's to wipe. Default: it is made when it is needed. */
  readonly takeKeyPair?: () => KeyPair;
}

export interface Agreement {
  readonly sessionOk: HandshakeFrame;
  readonly result: HandshakeResult;
  readonly proof: "current" | "previous";
}

export class GatewayProof {
  readonly transcript: Transcript;
  readonly challenge: HandshakeFrame;
  readonly #crypto: CryptoProvider;
  readonly #pair: KeyPair;
  readonly #psk: Uint8Array | null;
  readonly #previousPsk: Uint8Array | null;
  readonly #decoyPsk: Uint8Array;

  /** Copies the keys; null where the device has none. */
  constructor(
    { crypto, decoyPsk, takeKeyPair = () => crypto.generateKeyPair() }: GatewayHandshakeOptions,
    { deviceId, pubC }: Pick<Transcript, "deviceId" | "pubC">,
    psk: Uint8Array | null,
    previousPsk: Uint8Array | null,
  ) {
    this.#crypto = crypto;
    this.#pair = takeKeyPair();
    this.#psk = psk && copyOf(psk);
    this.#previousPsk = previousPsk && copyOf(previousPsk);
    this.#decoyPsk = decoyPsk;
    const pubS = this.#pair.publicKey;
    this.transcript = { deviceId, pubC, nonce: crypto.randomBytes(HANDSHAKE_NONCE_LENGTH), pubS };
    this.challenge = {
      type: FrameType.CHALLENGE,
      seq: GATEWAY_SEQ,
      payload: concat(this.transcript.nonce, pubS),
    };
  }

  /**
   * Judges the HMAC of HELLO_ACK (32 bytes, borrowed): null where it proves no key of the device.
   * @throws UsmpError AUTH where a device with the key sent a public key of low order.
   */
  judge(hmac: Uint8Array): Agreement | null {
    const psk = this.#psk ?? this.#decoyPsk;
    const previousPsk = this.#previousPsk ?? this.#decoyPsk;
    const isCurrent = this.#proves(psk, hmac);
    const isPrevious = this.#proves(previousPsk, hmac);
    if (!isCurrent && !isPrevious) return null;
    // Only now, so that nobody without the PSK makes us compute an exchange.
    const keys = deriveSessionKeys(this.#crypto, this.#pair, this.transcript.pubC, this.transcript);
    if (keys === null)
      throw new UsmpError("AUTH", "the device sent a public key of low order: the connection was tampered with");
    const sessionId = this.#crypto.randomBytes(SESSION_ID_LENGTH);
    const proven = isCurrent ? psk : previousPsk;
    const payload = concat(sessionId, hmacServer(this.#crypto, proven, this.transcript, sessionId));
    return {
      sessionOk: { type: FrameType.SESSION_OK, seq: GATEWAY_SEQ, payload },
      result: { deviceId: this.transcript.deviceId, sessionId, keys },
      proof: isCurrent ? "current" : "previous",
    };
  }

  /** Forgets all secrets. */
  wipe(): void {
    this.#pair.wipe();
    if (this.#psk !== null) this.#crypto.wipe(this.#psk);
    if (this.#previousPsk !== null) this.#crypto.wipe(this.#previousPsk);
  }

  #proves(psk: Uint8Array, hmac: Uint8Array): boolean {
    return this.#crypto.constantTimeEqual(hmacClient(this.#crypto, psk, this.transcript), hmac);
  }
}

/** Said of a wrong key, an unknown device and one that is no longer allowed: they cannot be told apart. */
export function wrongKey(): UsmpError {
  return new UsmpError("AUTH", "the device has no key or a wrong one: check its id and its PSK");
}

/** Said where the key of a device was asked for and did not come. */
export function lateLookup(timeoutMs: number): UsmpError {
  return new UsmpError("AUTH", `the PSK lookup did not settle within ${timeoutMs} ms`);
}

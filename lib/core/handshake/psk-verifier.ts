/**
 * What a gateway asks of a device between its CHALLENGE and SESSION_OK (§3): the same over streams and datagrams.
 *
 * A device that is not known, or is no longer, is asked in the same way. Two proofs are computed for every device, whether it
 * has one key, two during a rotation, or none: what it sees, and when, tells it nothing.
 */
import { UsmpError } from "../../errors.js";
import { concat } from "../wire/bytes.js";
import type { CryptoProvider, KeyPair } from "../crypto-provider.js";
import { inTurn } from "../guarded-crypto.js";
import type { HandshakeFrame } from "./handshake.js";
import { deriveSessionKeys, hmacClient, hmacServer, type HandshakeResult, type Transcript } from "./key-derivation.js";
import { GATEWAY_SEQ } from "../wire/handshake-payloads.js";
import { isLowOrder } from "./low-order.js";
import { copySecret } from "../secret-bytes.js";
import { FrameType, HANDSHAKE_NONCE_LENGTH, SESSION_ID_LENGTH } from "../wire/wire.js";

/** What a device has shown so far: nothing, a wrong key (once is enough), its key, or the one before it. */
export type PskMatch = "none" | "wrong" | "current" | "previous";

export interface GatewayHandshakeOptions {
  readonly crypto: CryptoProvider;
  /** A random key that no device has, borrowed for good: it stands in where a device has fewer than two keys. */
  readonly decoyPsk: Uint8Array;
  /** Gives a fresh key pair, this handshake's to wipe. Default: it is made when it is needed. */
  readonly takeKeyPair?: () => KeyPair;
}

/** The answer to a HELLO_ACK that proved a key. */
export interface Agreement {
  readonly sessionOk: HandshakeFrame;
  readonly proof: "current" | "previous";
  /** 16 bytes. */
  readonly sessionId: Uint8Array;
}

export class PskVerifier {
  readonly transcript: Transcript;
  readonly challenge: HandshakeFrame;
  readonly #crypto: CryptoProvider;
  readonly #pair: KeyPair;
  readonly #psk: Uint8Array | null;
  readonly #previousPsk: Uint8Array | null;
  readonly #decoyPsk: Uint8Array;
  /** The HMACs of HELLO_ACK under the device's key and the one before it, or under what stands in for them. */
  #expected: readonly [current: Uint8Array, previous: Uint8Array] | null = null;

  /** Copies the keys; null where the device has none. */
  constructor(
    { crypto, decoyPsk, takeKeyPair = () => crypto.generateKeyPair() }: GatewayHandshakeOptions,
    { deviceId, pubC }: Pick<Transcript, "deviceId" | "pubC">,
    psk: Uint8Array | null,
    previousPsk: Uint8Array | null,
  ) {
    this.#crypto = crypto;
    const nonce = crypto.randomBytes(HANDSHAKE_NONCE_LENGTH);
    this.#pair = takeKeyPair();
    this.#psk = psk && copySecret(psk);
    this.#previousPsk = previousPsk && copySecret(previousPsk);
    this.#decoyPsk = decoyPsk;
    const pubS = this.#pair.publicKey;
    this.transcript = { deviceId, pubC, nonce, pubS };
    this.challenge = {
      type: FrameType.CHALLENGE,
      seq: GATEWAY_SEQ,
      payload: concat(this.transcript.nonce, pubS),
    };
  }

  /** Computes ahead, while the device does, what HELLO_ACK is compared with. */
  prepare(): void {
    this.#expect();
  }

  /**
   * Judges the HMAC of HELLO_ACK (32 bytes, borrowed): null where it proves no key of the device.
   * @throws UsmpError AUTH where a device with the key sent a public key of low order.
   */
  verify(hmac: Uint8Array): Agreement | null {
    const [current, previous] = this.#expect();
    const isCurrent = this.#crypto.constantTimeEqual(current, hmac);
    const isPrevious = this.#crypto.constantTimeEqual(previous, hmac);
    if (!isCurrent && !isPrevious) return null;
    if (isLowOrder(this.transcript.pubC)) throw lowOrder();
    const sessionId = this.#crypto.randomBytes(SESSION_ID_LENGTH);
    const proven = isCurrent ? this.#current : this.#previous;
    const payload = concat(sessionId, hmacServer(this.#crypto, proven, this.transcript, sessionId));
    const sessionOk: HandshakeFrame = { type: FrameType.SESSION_OK, seq: GATEWAY_SEQ, payload };
    return { sessionOk, proof: isCurrent ? "current" : "previous", sessionId };
  }

  /**
   * Computes the session's keys, which takes longer than everything else here. Over a stream SESSION_OK need not wait for it.
   * @throws UsmpError AUTH if the shared secret is zero.
   */
  conclude(sessionId: Uint8Array): HandshakeResult {
    const { deviceId, pubC } = this.transcript;
    const keys = deriveSessionKeys(this.#crypto, this.#pair, pubC, this.transcript);
    if (keys === null) throw lowOrder();
    return { deviceId, sessionId, keys };
  }

  /** Forgets all secrets. */
  wipe(): void {
    this.#expected = null;
    inTurn(
      () => this.#pair.wipe(),
      () => this.#psk !== null && this.#crypto.wipe(this.#psk),
      () => this.#previousPsk !== null && this.#crypto.wipe(this.#previousPsk),
    );
  }

  get #current(): Uint8Array {
    return this.#psk ?? this.#decoyPsk;
  }

  get #previous(): Uint8Array {
    return this.#previousPsk ?? this.#decoyPsk;
  }

  #expect(): readonly [current: Uint8Array, previous: Uint8Array] {
    const { transcript } = this;
    return (this.#expected ??= [
      hmacClient(this.#crypto, this.#current, transcript),
      hmacClient(this.#crypto, this.#previous, transcript),
    ]);
  }
}

function lowOrder(): UsmpError {
  return new UsmpError("AUTH", "the device sent a public key of low order: the connection was tampered with");
}

/** Said of a wrong key, an unknown device and one that is no longer allowed: they cannot be told apart. */
export function wrongKey(): UsmpError {
  return new UsmpError("AUTH", "the device has no key or a wrong one: check its id and its PSK");
}

/** Said where the key of a device was asked for and did not come. */
export function lateLookup(timeoutMs: number): UsmpError {
  return new UsmpError("AUTH", `the PSK lookup did not settle within ${timeoutMs} ms`);
}

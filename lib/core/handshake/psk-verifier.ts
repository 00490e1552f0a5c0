/**
 * A gateway's part of the handshake from CHALLENGE to SESSION_OK (§3), the same over streams and datagrams.
 *
 * The gateway computes two HMACs for every device: one that has one key, two during a key rotation, or none because it
 * is unknown or disabled. Neither the answers nor their timing tell a device which of these it is.
 */
import { UsmpError } from "../../errors.js";
import { concat } from "../wire/bytes.js";
import type { CryptoProvider, KeyPair } from "../crypto-provider.js";
import { inTurn } from "../guarded-crypto.js";
import type { HandshakeFrame } from "./handshake.js";
import { deriveSessionKeys, hmacClient, hmacServer, type HandshakeResult, type Transcript } from "./key-derivation.js";
import { GATEWAY_SEQ } from "../wire/handshake-payloads.js";
import { isLowOrder, lowOrder } from "./low-order.js";
import { copySecret } from "../secret-bytes.js";
import { FrameType, HANDSHAKE_NONCE_LENGTH, SESSION_ID_LENGTH } from "../wire/wire.js";

/** What a device has proved: nothing yet, a wrong key (at least once), its current key, or its previous one. */
export type PskMatch = "none" | "wrong" | "current" | "previous";

export interface GatewayHandshakeOptions {
  readonly crypto: CryptoProvider;
  /** A random key that no device has, borrowed for good. It stands in for each key that a device lacks. */
  readonly decoyPsk: Uint8Array;
  /** Returns a fresh key pair, which this handshake wipes. Default: generates one. */
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
  /** HELLO_ACK's HMACs under the current and previous key, or the decoy; null until they are computed. */
  #expected: readonly [current: Uint8Array, previous: Uint8Array] | null = null;

  /** Copies the keys. Null: the device has none. */
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

  /** Computes HELLO_ACK's HMACs ahead, while the device computes its own. */
  prepare(): void {
    this.#expect();
  }

  /**
   * Verifies the HMAC of HELLO_ACK (32 bytes, borrowed). Null if it proves no key of the device.
   * @throws UsmpError AUTH if a device that has the key sent a public key of low order.
   */
  verify(hmac: Uint8Array): Agreement | null {
    const [current, previous] = this.#expect();
    const isCurrent = this.#crypto.constantTimeEqual(current, hmac);
    const isPrevious = this.#crypto.constantTimeEqual(previous, hmac);
    if (!isCurrent && !isPrevious) return null;
    if (isLowOrder(this.transcript.pubC)) throw lowOrder("device");
    const sessionId = this.#crypto.randomBytes(SESSION_ID_LENGTH);
    const proven = isCurrent ? this.#current : this.#previous;
    const payload = concat(sessionId, hmacServer(this.#crypto, proven, this.transcript, sessionId));
    const sessionOk: HandshakeFrame = { type: FrameType.SESSION_OK, seq: GATEWAY_SEQ, payload };
    return { sessionOk, proof: isCurrent ? "current" : "previous", sessionId };
  }

  /**
   * Computes the session's keys, which takes longer than everything else here. Over a stream SESSION_OK need not wait
   * for it.
   * @throws UsmpError AUTH if the shared secret is zero.
   */
  conclude(sessionId: Uint8Array): HandshakeResult {
    const { deviceId, pubC } = this.transcript;
    const keys = deriveSessionKeys(this.#crypto, this.#pair, pubC, this.transcript);
    if (keys === null) throw lowOrder("device");
    return { deviceId, sessionId, keys };
  }

  /** Wipes all secrets. */
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

/** The same error for a wrong key, an unknown device and a disabled one: a gateway does not distinguish them. */
export function wrongKey(): UsmpError {
  return new UsmpError("AUTH", "the device has no key or a wrong one: check its id and its PSK");
}

/** The error if a key lookup does not settle in time. */
export function lateLookup(timeoutMs: number): UsmpError {
  return new UsmpError("AUTH", `the PSK lookup did not settle within ${timeoutMs} ms`);
}

/**
 * X25519 (RFC 7748) by node:crypto, which uses OpenSSL. Generated private keys stay inside node:crypto, which
 * overwrites them when their KeyObject is collected.
 *
 * Never get a raw public key by `export()`. Its DER form is slow (docs/architecture.md), and its JWK form sometimes
 * deadlocks the process on Node 20: it locks the key while it makes strings, and a garbage collection at that moment
 * may destroy the job that generated the key, which takes the same lock. A job that returns the JWK itself is alive
 * meanwhile, so it cannot deadlock.
 */
import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from "node:crypto";
import { copyOf, plainView } from "../core/wire/bytes.js";
import { KEY_LENGTH } from "../core/wire/wire.js";
import type { KeyPair } from "../core/crypto-provider.js";
import { isLowOrder } from "../core/handshake/low-order.js";
import { UsmpError } from "../errors.js";
import { checkLength } from "./check-length.js";

export class NodeKeyPair implements KeyPair {
  readonly publicKey: Uint8Array;
  #privateKey: KeyObject | null;

  constructor(privateKey: KeyObject, publicKey: Uint8Array) {
    this.#privateKey = privateKey;
    this.publicKey = publicKey;
  }

  sharedSecret(peerPublicKey: Uint8Array): Uint8Array | null {
    if (this.#privateKey === null) throw new UsmpError("CRYPTO", "this key pair was wiped: generate a new one");
    checkLength("peerPublicKey", peerPublicKey, KEY_LENGTH);
    const peer = importPublicKey(peerPublicKey);
    try {
      const shared = plainView(diffieHellman({ privateKey: this.#privateKey, publicKey: peer }));
      return isZero(shared) ? null : shared;
    } catch (cause) {
      // OpenSSL refuses an all-zero secret by itself. Any other failure is not the peer's fault.
      if (isLowOrder(peerPublicKey)) return null;
      throw cause;
    }
  }

  wipe(): void {
    this.#privateKey = null;
  }
}

export function generateNodeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateHalfEncoded("x25519", { publicKeyEncoding: { format: "jwk" } });
  return new NodeKeyPair(privateKey, copyOf(Buffer.from(publicKey.x, "base64url")));
}

/** Node's types allow both halves encoded, or neither. Node itself can encode one. */
const generateHalfEncoded = generateKeyPairSync as unknown as (
  type: "x25519",
  options: { readonly publicKeyEncoding: { readonly format: "jwk" } },
) => { readonly privateKey: KeyObject; readonly publicKey: { readonly x: string } };

/**
 * §3.2 requires this check, and node:crypto does not document that it does it. Takes the same time for every secret.
 */
function isZero(secret: Uint8Array): boolean {
  return secret.reduce((bits, byte) => bits | byte, 0) === 0;
}

/** Through JWK, because importing DER takes ten times as long. */
function importPublicKey(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
}

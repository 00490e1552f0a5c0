/**
 * X25519 (RFC 7748) by node:crypto, which uses OpenSSL. Generated private keys stay inside node:crypto, which
 * overwrites them when their KeyObject is collected.
 *
 * Never get a raw public key by `export()`. Its DER form is slow (docs/architecture.md), and its JWK form sometimes
 * deadlocks the process on Node 20: it locks the key while it makes strings, and a garbage collection at that moment
 * may destroy the job that generated the key, which takes the same lock. A job that returns the JWK itself is alive
 * meanwhile, so it cannot deadlock.
 */
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from "node:crypto";
import { plainView } from "../core/wire/bytes.js";
import { copyOf } from "../core/wire/bytes.js";
import type { KeyPair } from "../core/crypto-provider.js";
import { isLowOrder } from "../core/handshake/low-order.js";
import { joinSecrets } from "../core/secret-bytes.js";
import { UsmpError } from "../errors.js";
import { checkLength } from "./check-length.js";

const KEY_LENGTH = 32;

/** The DER bytes before a raw private key: PrivateKeyInfo, version 0, algorithm id-X25519 (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

/** u = 9 (RFC 7748 §4.1). */
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(KEY_LENGTH - 1)); // public

class NodeKeyPair implements KeyPair {
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
      const shared = multiply(this.#privateKey, peer);
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

export function nodeKeyPairFrom(privateKey: Uint8Array): KeyPair {
  checkLength("privateKey", privateKey, KEY_LENGTH);
  const der = Buffer.from(joinSecrets(PKCS8_PREFIX, privateKey).buffer);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  // RFC 7748 defines the public key as the private key times the base point.
  return new NodeKeyPair(key, multiply(key, importPublicKey(BASE_POINT)));
}

function multiply(privateKey: KeyObject, publicKey: KeyObject): Uint8Array {
  return plainView(diffieHellman({ privateKey, publicKey }));
}

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

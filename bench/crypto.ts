/**
 * What the choices in lib/crypto/ rest on: microseconds an operation, for each way to do it. `npx tsx bench/crypto.ts`
 *
 * Every group runs its alternatives by turns, so that a busy machine slows all of them, and prints their medians.
 *
 * Left out, because it can deadlock the process on Node 20: X25519 with the public key from `export({ format: "jwk" })`.
 */
import {
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  type CipherKey,
  type KeyObject,
} from "node:crypto";
import sodium from "libsodium-wrappers";
import { loadCrypto, nodeProvider } from "../lib/crypto/index.js";
import { median } from "./statistics.js";

const ROUNDS = 15;
/** Long enough for the clock, short enough for turns. */
const ROUND_MS = 20;

const provider = await loadCrypto();

type Alternatives = Record<string, () => unknown>;

function microsecondsEach(operation: () => unknown, times: number): number {
  const start = performance.now();
  for (let turn = 0; turn < times; turn++) operation();
  return ((performance.now() - start) * 1000) / times;
}

function compare(group: string, alternatives: Alternatives): void {
  const runs = Object.entries(alternatives).map(([name, operation]) => {
    const warm = microsecondsEach(operation, 200);
    return { name, operation, times: Math.ceil((ROUND_MS * 1000) / warm), results: [] as number[] };
  });
  for (let round = 0; round < ROUNDS; round++) {
    for (const run of runs) run.results.push(microsecondsEach(run.operation, run.times));
  }
  console.log(`\n${group}`);
  for (const { name, results } of runs) console.log(`${median(results).toFixed(2).padStart(9)}  ${name}`);
}

const SPKI_DER = { publicKeyEncoding: { type: "spki", format: "der" } } as const;
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

const peerPublicKey = provider.generateKeyPair().publicKey;

function importPublic(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x: base64url(raw) }, format: "jwk" });
}

function importPrivateJwk(raw: Uint8Array, publicKey: Uint8Array): KeyObject {
  return createPrivateKey({
    key: { kty: "OKP", crv: "X25519", x: base64url(publicKey), d: base64url(raw) },
    format: "jwk",
  });
}

function importPrivateDer(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: "der", type: "pkcs8" });
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
}

function exchange(privateKey: KeyObject): Buffer {
  return diffieHellman({ privateKey, publicKey: importPublic(peerPublicKey) });
}

const basePoint = importPublic(new Uint8Array(32).fill(9, 0, 1));

compare("X25519, one side of a handshake: a fresh key pair with its raw public key, then one exchange", {
  "node: generate with the public key as JWK, exchange (lib/crypto/node-x25519.ts)": () =>
    provider.generateKeyPair().sharedSecret(peerPublicKey),
  "node: generate, multiply the base point, exchange": () => {
    const { privateKey } = generateKeyPairSync("x25519");
    diffieHellman({ privateKey, publicKey: basePoint });
    return exchange(privateKey);
  },
  "node: generate with the public key as SPKI DER, exchange": () =>
    exchange(generateKeyPairSync("x25519", SPKI_DER).privateKey),
  "node's random key, libsodium base point, private key by JWK, node exchange": () => {
    const key = randomBytes(32);
    return exchange(importPrivateJwk(key, sodium.crypto_scalarmult_base(key)));
  },
  "node's random key, libsodium base point, private key by PKCS8 DER, node exchange": () => {
    const key = randomBytes(32);
    sodium.crypto_scalarmult_base(key);
    return exchange(importPrivateDer(key));
  },
  "node's random key, libsodium base point, libsodium exchange": () => {
    const key = randomBytes(32);
    sodium.crypto_scalarmult_base(key);
    return sodium.crypto_scalarmult(key, peerPublicKey);
  },
  "libsodium alone: crypto_box_keypair, crypto_scalarmult": () =>
    sodium.crypto_scalarmult(sodium.crypto_box_keypair().privateKey, peerPublicKey),
});

const generated = generateKeyPairSync("x25519").privateKey;
const imported = importPublic(peerPublicKey);

compare("X25519, the pieces", {
  "node generateKeyPairSync, two KeyObjects": () => generateKeyPairSync("x25519"),
  "node import of a public key, JWK": () => importPublic(peerPublicKey),
  "node import of a private key, PKCS8 DER": () => importPrivateDer(peerPublicKey),
  "node diffieHellman alone": () => diffieHellman({ privateKey: generated, publicKey: imported }),
  "libsodium scalarmult_base": () => sodium.crypto_scalarmult_base(peerPublicKey),
  "libsodium scalarmult": () => sodium.crypto_scalarmult(peerPublicKey, peerPublicKey),
});

const key = randomBytes(32);
const keyObject = createSecretKey(key);
const nonce = randomBytes(12);
const associatedData = randomBytes(10);
const out = new Uint8Array(512);

function sealAes(cipherKey: CipherKey, plaintext: Uint8Array): void {
  const cipher = createCipheriv("aes-256-gcm", cipherKey, nonce, { authTagLength: 16 });
  cipher.setAAD(associatedData);
  out.set(cipher.update(plaintext), 12);
  cipher.final();
  out.set(cipher.getAuthTag(), 12 + plaintext.length);
}

for (const length of [32, 452]) {
  const plaintext = new Uint8Array(randomBytes(length));
  const aes = provider.aead("aes-256-gcm", key);
  const nodeChaCha = nodeProvider.aead("chacha20-poly1305", key);
  const sodiumChaCha = provider.aead("chacha20-poly1305", key);
  aes.seal(nonce, associatedData, plaintext, out, 0);
  const aesSealed = out.slice(0, length + 16);
  sodiumChaCha.seal(nonce, associatedData, plaintext, out, 0);
  const chaChaSealed = out.slice(0, length + 16);
  const forged = chaChaSealed.with(0, (chaChaSealed[0] ?? 0) ^ 1);

  compare(`AEAD of ${length} bytes`, {
    "AES-256-GCM seal, node, key as KeyObject": () => sealAes(keyObject, plaintext),
    "AES-256-GCM seal, node, raw key": () => sealAes(key, plaintext),
    "AES-256-GCM seal, lib/crypto": () => aes.seal(nonce, associatedData, plaintext, out, 12),
    "AES-256-GCM open, lib/crypto": () => aes.open(nonce, associatedData, aesSealed),
    "ChaCha20-Poly1305 seal, node": () => nodeChaCha.seal(nonce, associatedData, plaintext, out, 12),
    "ChaCha20-Poly1305 seal, libsodium": () => sodiumChaCha.seal(nonce, associatedData, plaintext, out, 12),
    "ChaCha20-Poly1305 open, node": () => nodeChaCha.open(nonce, associatedData, chaChaSealed),
    "ChaCha20-Poly1305 open, libsodium": () => sodiumChaCha.open(nonce, associatedData, chaChaSealed),
    "ChaCha20-Poly1305 open of a forgery, node": () => nodeChaCha.open(nonce, associatedData, forged),
    "ChaCha20-Poly1305 open of a forgery, libsodium": () => sodiumChaCha.open(nonce, associatedData, forged),
  });
}

const bytes = new Uint8Array(key);
const sameBytes = new Uint8Array(key);

compare("The rest, on 32 bytes", {
  "random bytes, node": () => nodeProvider.randomBytes(32),
  "random bytes, libsodium": () => sodium.randombytes_buf(32),
  "constant-time compare, node": () => nodeProvider.constantTimeEqual(bytes, sameBytes),
  "constant-time compare, libsodium": () => sodium.memcmp(bytes, sameBytes),
  "wipe, node": () => nodeProvider.wipe(bytes),
  "wipe, libsodium": () => sodium.memzero(bytes),
  "HMAC-SHA256": () => provider.hmacSha256(key, associatedData),
  "HKDF-SHA256 to 64 bytes": () => provider.hkdfSha256(key, key, key, 64),
});

/**
 * The cryptography that the protocol needs, as one synchronous interface. The core gets a provider as an argument.
 * Implementations are in `lib/crypto/`, and one conformance suite runs on each.
 */

/** The two ciphers of the wire (§4.2). The wire does not negotiate: configure both ends alike. */
export type CipherName = "aes-256-gcm" | "chacha20-poly1305";

/** An AEAD under one fixed key. Nonces are 12 bytes, tags 16. */
export interface Aead {
  /**
   * Seals `plaintext` and writes ciphertext, then the 16-byte tag, into `out` from `offset` on: `plaintext.length + 16`
   * bytes. All inputs are borrowed for the call. `plaintext` does not overlap `out`.
   */
  seal(nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array, out: Uint8Array, offset: number): void;
  /**
   * Opens `sealed` (ciphertext, then the 16-byte tag; borrowed). Returns a fresh plaintext of `sealed.length - 16`
   * bytes, owned by the caller, or null if it does not verify. Never throws for bytes that a peer sent.
   */
  open(nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Uint8Array | null;
  /** Overwrites all copies of the key. Do not call `seal` or `open` afterwards. */
  wipe(): void;
}

/** An ephemeral X25519 key pair (RFC 7748), used for one handshake. The private half cannot be read back. */
export interface KeyPair {
  /** 32 bytes, owned by the pair. Do not change them. */
  readonly publicKey: Uint8Array;
  /**
   * Returns the 32-byte shared secret with a peer's 32-byte public key, in a fresh array that the caller wipes. Null if
   * the peer's key is of low order, so that the secret would be zero (§3.2). Never throws for bytes that a peer sent.
   */
  sharedSecret(peerPublicKey: Uint8Array): Uint8Array | null;
  /** Wipes the private key, as far as the platform allows. */
  wipe(): void;
}

/** All cryptography the protocol uses. Synchronous, without state of its own. */
export interface CryptoProvider {
  /** A short name for diagnostics, for example `"node+libsodium"`. */
  readonly name: string;
  /** A fresh random key pair. */
  generateKeyPair(): KeyPair;
  /** HMAC-SHA256 (RFC 2104) over the concatenation of `parts`; a fresh array of 32 bytes. */
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /** HKDF-SHA256 (RFC 5869), extract then expand; a fresh array of `length` bytes, owned by the caller. */
  hkdfSha256(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** The named AEAD under a 32-byte key (copied). */
  aead(cipher: CipherName, key: Uint8Array): Aead;
  /** `length` bytes from the system's cryptographic generator; a fresh array. */
  randomBytes(length: number): Uint8Array;
  /** Whether two byte strings are equal, in time that depends on their lengths alone. */
  constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean;
  /** Overwrites `bytes` with zeros. */
  wipe(bytes: Uint8Array): void;
}

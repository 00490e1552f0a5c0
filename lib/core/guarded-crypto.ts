import { causeText, isUsmpError, UsmpError } from "../errors.js";
import { requireFunctions } from "./arguments.js";
import type { Aead, CryptoProvider, KeyPair } from "./crypto-provider.js";

const guards = new WeakMap<CryptoProvider, CryptoProvider>();

/**
 * Wraps a provider, always in the same guard. Whatever the provider throws becomes a UsmpError CRYPTO, which ends the
 * connection that made the call and no other. If `open` throws, the frame does not verify: an attacker can send one
 * that makes it throw.
 */
export function guardCrypto(provider: CryptoProvider): CryptoProvider {
  let guard = guards.get(provider);
  if (guard === undefined) {
    guard = guarded(provider);
    guards.set(provider, guard);
    guards.set(guard, guard);
  }
  return guard;
}

function guarded(provider: CryptoProvider): CryptoProvider {
  return {
    name: provider.name,
    generateKeyPair: () => attempt("a key pair", () => guardedPair(provider.generateKeyPair())),
    hmacSha256: (key, ...parts) => attempt("HMAC", () => provider.hmacSha256(key, ...parts)),
    hkdfSha256: (ikm, salt, info, length) => attempt("HKDF", () => provider.hkdfSha256(ikm, salt, info, length)),
    aead: (cipher, key) =>
      attempt(cipher, () => {
        const aead = provider.aead(cipher, key);
        requireFunctions("aead()", aead, ["seal", "open", "wipe"], "an object with seal, open and wipe");
        return new GuardedAead(aead);
      }),
    randomBytes: (length) => attempt("the random generator", () => provider.randomBytes(length)),
    constantTimeEqual: (a, b) => attempt("comparing", () => provider.constantTimeEqual(a, b)),
    wipe: (bytes) => {
      try {
        provider.wipe(bytes);
      } catch (cause) {
        bytes.fill(0);
        throw failure("wiping", cause);
      }
    },
  };
}

function guardedPair(pair: KeyPair): KeyPair {
  return {
    publicKey: pair.publicKey,
    sharedSecret: (peerPublicKey) => attempt("X25519", () => pair.sharedSecret(peerPublicKey)),
    wipe: () => attempt("wiping", () => pair.wipe()),
  };
}

class GuardedAead implements Aead {
  readonly #aead: Aead;

  constructor(aead: Aead) {
    this.#aead = aead;
  }

  seal(nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array, out: Uint8Array, offset: number): void {
    try {
      this.#aead.seal(nonce, associatedData, plaintext, out, offset);
    } catch (cause) {
      throw failure("sealing", cause);
    }
  }

  open(nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    try {
      return this.#aead.open(nonce, associatedData, sealed);
    } catch {
      return null;
    }
  }

  wipe(): void {
    attempt("wiping", () => this.#aead.wipe());
  }
}

function attempt<Result>(what: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw failure(what, cause);
  }
}

function failure(what: string, cause: unknown): UsmpError {
  return new UsmpError("CRYPTO", `the cryptography failed at ${what}: ${causeText(cause)}`, { cause });
}

/** Runs every step, even if one throws. Then throws the first error. */
export function inTurn(...steps: readonly (() => void)[]): void {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** As {@link inTurn}, but ignores UsmpErrors: the connection is ending already. */
export function lastly(...steps: readonly (() => void)[]): void {
  try {
    inTurn(...steps);
  } catch (error) {
    if (!isUsmpError(error)) throw error;
  }
}

/** Whether a `send` that throws this error has ended its session, rather than refused its message. */
export function endsSession({ code }: UsmpError): boolean {
  return code === "SEQ_EXHAUSTED" || code === "CRYPTO";
}

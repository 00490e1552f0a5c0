import type { CryptoProvider, KeyPair } from "../../lib/core/crypto-provider.js";

export const CRYPTO_CALLS = [
  "generateKeyPair",
  "sharedSecret",
  "pair.wipe",
  "hmacSha256",
  "hkdfSha256",
  "aead",
  "seal",
  "open",
  "aead.wipe",
  "randomBytes",
  "constantTimeEqual",
  "wipe",
] as const;
export type CryptoCall = (typeof CRYPTO_CALLS)[number];

/** The n-th of these calls throws, counted from 1 and from `watch` on. */
export interface Fault {
  readonly call: CryptoCall;
  readonly nth: number;
}

/** A provider that counts its calls, and throws once where it is told to. */
export class FaultyCrypto {
  readonly provider: CryptoProvider;
  readonly counts = new Map<CryptoCall, number>();
  /** Whether it has thrown. */
  hasFailed = false;
  #fault: Fault | null = null;
  #watching = false;

  constructor(real: CryptoProvider) {
    this.provider = {
      name: "faulty",
      generateKeyPair: () => (this.#count("generateKeyPair"), this.#pair(real.generateKeyPair())),
      hmacSha256: (...args) => (this.#count("hmacSha256"), real.hmacSha256(...args)),
      hkdfSha256: (...args) => (this.#count("hkdfSha256"), real.hkdfSha256(...args)),
      randomBytes: (length) => (this.#count("randomBytes"), real.randomBytes(length)),
      constantTimeEqual: (a, b) => (this.#count("constantTimeEqual"), real.constantTimeEqual(a, b)),
      wipe: (bytes) => (this.#count("wipe"), real.wipe(bytes)),
      aead: (cipher, key) => {
        this.#count("aead");
        const aead = real.aead(cipher, key);
        return {
          seal: (...args) => (this.#count("seal"), aead.seal(...args)),
          open: (...args) => (this.#count("open"), aead.open(...args)),
          wipe: () => (this.#count("aead.wipe"), aead.wipe()),
        };
      },
    };
  }

  /** Counts from now on. */
  watch(fault: Fault | null): void {
    this.#fault = fault;
    this.#watching = true;
  }

  /** Counts no more, and works. */
  rest(): void {
    this.#watching = false;
  }

  #pair(pair: KeyPair): KeyPair {
    return {
      publicKey: pair.publicKey,
      sharedSecret: (peer) => (this.#count("sharedSecret"), pair.sharedSecret(peer)),
      wipe: () => (this.#count("pair.wipe"), pair.wipe()),
    };
  }

  #count(call: CryptoCall): void {
    if (!this.#watching) return;
    const count = (this.counts.get(call) ?? 0) + 1;
    this.counts.set(call, count);
    if (this.#fault?.call !== call || this.#fault.nth !== count) return;
    this.hasFailed = true;
    throw new RangeError("the cryptography is out of order");
  }
}

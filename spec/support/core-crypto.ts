/** Providers for specs of the core: the real one, and wrappers that script its randomness or watch what is done with it. */
import type { Aead, CipherName, CryptoProvider, KeyPair } from "../../lib/core/crypto-provider.js";
import { nodeProvider } from "../../lib/crypto/index.js";
import { toHex } from "./core-bytes.js";
import { keyPairFrom } from "./key-pair-from.js";

/** Needs no waiting. What the default provider does otherwise, the conformance spec of `lib/crypto/` compares. */
export const crypto: CryptoProvider = nodeProvider;

/** What a scripted provider gives out, in order; asking for more, or for another length, throws. */
export interface Script {
  readonly privateKeys?: readonly Uint8Array[];
  readonly random?: readonly Uint8Array[];
}

/** `base` with all randomness replaced by `script`. */
export function scripted(script: Script, base: CryptoProvider = crypto): CryptoProvider {
  const privateKeys = [...(script.privateKeys ?? [])];
  const random = [...(script.random ?? [])];
  return {
    ...base,
    generateKeyPair: () => {
      const privateKey = privateKeys.shift();
      if (privateKey === undefined) throw new Error("the script has no private key left");
      return keyPairFrom(privateKey);
    },
    randomBytes: (length) => {
      const bytes = random.shift();
      if (bytes?.length !== length) throw new Error(`the script has no ${length} random bytes here`);
      return Uint8Array.from(bytes);
    },
  };
}

/** `base`, counting what costs a peer's handshake something. */
export function counting(base: CryptoProvider = crypto): {
  readonly crypto: CryptoProvider;
  readonly exchanges: () => number;
} {
  let exchanges = 0;
  const generateKeyPair = (): KeyPair => {
    const pair = base.generateKeyPair();
    return {
      publicKey: pair.publicKey,
      sharedSecret: (peerPublicKey) => {
        exchanges++;
        return pair.sharedSecret(peerPublicKey);
      },
      wipe: () => pair.wipe(),
    };
  };
  return { crypto: { ...base, generateKeyPair }, exchanges: () => exchanges };
}

/** `base`, noting the cipher of each trial to open something. */
export function watchingTrials(base: CryptoProvider = crypto): {
  readonly crypto: CryptoProvider;
  readonly trials: CipherName[];
} {
  const trials: CipherName[] = [];
  const aead: CryptoProvider["aead"] = (cipher, key) => {
    const inner = base.aead(cipher, key);
    return {
      seal: (...args) => inner.seal(...args),
      open: (...args) => (trials.push(cipher), inner.open(...args)),
      wipe: () => inner.wipe(),
    };
  };
  return { crypto: { ...base, aead }, trials };
}

/** `base`, throwing as soon as a (key, nonce) seals twice; `sealingKeys` are all keys that ever sealed, in order of first use. */
export function watchingNonces(base: CryptoProvider = crypto): {
  readonly crypto: CryptoProvider;
  readonly sealingKeys: string[];
} {
  const usedByKey = new Map<string, Set<string>>();
  const sealingKeys: string[] = [];
  const aead: CryptoProvider["aead"] = (cipher, key) => {
    const inner = base.aead(cipher, key);
    const name = toHex(key);
    return {
      seal: (nonce, associatedData, plaintext, out, offset) => {
        let used = usedByKey.get(name);
        if (used === undefined) {
          usedByKey.set(name, (used = new Set()));
          sealingKeys.push(name);
        }
        const spent = String.fromCharCode(...nonce);
        if (used.has(spent)) throw new Error(`a nonce was used twice under one key: ${toHex(nonce)}, ${name}`);
        used.add(spent);
        inner.seal(nonce, associatedData, plaintext, out, offset);
      },
      open: (nonce, associatedData, sealed) => inner.open(nonce, associatedData, sealed),
      wipe: () => inner.wipe(),
    };
  };
  return { crypto: { ...base, aead }, sealingKeys };
}

/**
 * The real provider with toys for what a session uses: plaintext stays in clear, and a hash that any other key, nonce, data or
 * plaintext misses is its tag, and derives keys. For specs that try tens of thousands of schedules and ask only which key a
 * frame belongs to.
 */
export const toyCrypto: CryptoProvider = {
  ...crypto,
  aead: (_cipher, key) => new ToyAead(key),
  hkdfSha256: (ikm, salt, info, length) => toyHash(length, [ikm, salt, info]),
  wipe: (bytes) => void bytes.fill(0),
};

class ToyAead implements Aead {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = Uint8Array.from(key);
  }

  seal(nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array, out: Uint8Array, offset: number): void {
    out.set(plaintext, offset);
    out.set(toyHash(16, [this.#key, nonce, associatedData, plaintext]), offset + plaintext.length);
  }

  open(nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    const plaintext = Uint8Array.from(sealed.subarray(0, sealed.length - 16));
    const tag = toyHash(16, [this.#key, nonce, associatedData, plaintext]);
    for (let index = 0; index < 16; index++) {
      if (tag[index] !== sealed[plaintext.length + index]) return null;
    }
    return plaintext;
  }

  wipe(): void {
    this.#key.fill(0);
  }
}

/** FNV-1a over everything, then stirred once for each four bytes of the result. */
function toyHash(length: number, parts: readonly Uint8Array[]): Uint8Array {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    for (let index = 0; index < part.length; index++) hash = Math.imul(hash ^ part[index]!, 0x01000193);
  }
  const words = new Uint32Array(length / 4);
  for (let index = 0; index < words.length; index++)
    words[index] = hash = Math.imul(hash ^ (hash >>> 15) ^ index, 0x85ebca6b);
  return new Uint8Array(words.buffer);
}

/** The published vectors, typed. All byte strings are hex. */
import { readFileSync } from "node:fs";
import type { CipherName } from "../../lib/core/crypto-provider.js";

export interface X25519Vectors {
  readonly exchanges: {
    readonly cases: readonly { readonly privateKey: string; readonly publicKey: string; readonly shared: string }[];
  };
  readonly diffieHellman: {
    readonly alicePrivate: string;
    readonly alicePublic: string;
    readonly bobPrivate: string;
    readonly bobPublic: string;
    readonly shared: string;
  };
  /** u-coordinates in decimal. */
  readonly lowOrder: { readonly u: readonly string[] };
}

export interface HkdfVectors {
  readonly cases: readonly {
    readonly name: string;
    readonly ikm: string;
    readonly salt: string;
    readonly info: string;
    readonly okm: string;
  }[];
}

export interface HmacVectors {
  readonly cases: readonly {
    readonly name: string;
    readonly key: string;
    readonly data: string;
    readonly mac: string;
  }[];
}

export interface AeadVectors {
  readonly cases: readonly {
    readonly source: string;
    readonly cipher: CipherName;
    readonly key: string;
    readonly nonce: string;
    readonly associatedData: string;
    readonly plaintext: string;
    readonly ciphertext: string;
    readonly tag: string;
  }[];
}

export interface GoldenVectors {
  readonly encryption_cases: readonly {
    readonly key: string;
    readonly plaintext: string;
    readonly expected_nonce: string;
    readonly expected_aad: string;
    /** Nonce, ciphertext, tag. */
    readonly expected_ciphertext_tag: string;
  }[];
  readonly utack_cases: readonly {
    readonly key: string;
    readonly type: number;
    readonly seq: number;
    readonly expected_mac: string;
  }[];
}

export interface Transcript {
  readonly name: string;
  readonly psk: string;
  readonly device_id: string;
  readonly client_private: string;
  readonly server_private: string;
  readonly nonce: string;
  readonly session_id: string;
  readonly keys: { readonly k_c2s: string; readonly k_s2c: string };
  readonly rekey: { readonly k_c2s: string; readonly k_s2c: string; readonly salt: string };
  readonly frames: readonly { readonly type: string; readonly frame: string }[];
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), "utf8"));
}

export const x25519Vectors = read("crypto/x25519.json") as X25519Vectors;
export const hkdfVectors = read("crypto/hkdf-sha256.json") as HkdfVectors;
export const hmacVectors = read("crypto/hmac-sha256.json") as HmacVectors;
export const aeadVectors = read("crypto/aead.json") as AeadVectors;
export const goldenVectors = read("golden_vectors.json") as GoldenVectors;
export const { transcripts } = read("transcripts.json") as { readonly transcripts: readonly Transcript[] };

/** Plain Uint8Arrays, as the core passes them, never Buffers. */
export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

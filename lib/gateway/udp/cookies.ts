import { concat, copyOf, writeUint32 } from "../../core/wire/bytes.js";
import type { CryptoProvider } from "../../core/crypto-provider.js";
import { COOKIE_LENGTH, KEY_LENGTH } from "../../core/wire/wire.js";

/**
 * How long a secret makes cookies, in milliseconds. After that, it verifies them for as long as a cookie may be valid.
 */
const SECRET_LIFE_MS = 3_600_000;

/**
 * Two bits of a cookie's first byte are not part of the HMAC: they say in which of two slots and with which of two
 * secrets it was made. So a wrong cookie costs a single HMAC.
 */
const ODD_SLOT = 1;
const ODD_SECRET = 2;
const MARKS = ODD_SLOT | ODD_SECRET;

const encoder = new TextEncoder();

interface Secret {
  readonly bytes: Uint8Array;
  /** 0 or `ODD_SECRET`, alternating. */
  readonly mark: number;
}

interface OldSecret extends Secret {
  readonly until: number;
}

/**
 * Stateless cookies (§3): a peer that returns one receives at the address that it was made for, and the gateway kept
 * nothing for that address meanwhile. Except for two bits, a cookie is
 * `HMAC(secret, address and port || device_id || pub_C || slot)[0..15]`.
 */
export class Cookies {
  readonly #crypto: CryptoProvider;
  #secret: Secret;
  #rotateAt: number;
  #old: OldSecret | null = null;
  readonly #slotMs: number;

  /** A cookie is valid in its slot and the next one: for at least `slotMs` milliseconds. */
  constructor(crypto: CryptoProvider, now: number, slotMs: number) {
    this.#crypto = crypto;
    this.#slotMs = slotMs;
    this.#secret = { bytes: crypto.randomBytes(KEY_LENGTH), mark: 0 };
    this.#rotateAt = now + SECRET_LIFE_MS;
  }

  /**
   * Returns the cookie (16 bytes) for a HELLO of `device_id || pub_C` (38 bytes, borrowed) from `place`, one text per
   * address and port.
   */
  make(place: string, hello: Uint8Array, now: number): Uint8Array {
    this.#rotate(now);
    return this.#cookie(this.#secret, place, hello, this.#slotOf(now));
  }

  /** Whether `cookie` (16 bytes, borrowed) was made for that HELLO from `place`, in this slot or the one before. */
  verify(cookie: Uint8Array, place: string, hello: Uint8Array, now: number): boolean {
    this.#rotate(now);
    const marks = cookie[0]! & MARKS;
    const slot = this.#slotOf(now);
    const madeIn = (slot & ODD_SLOT) === (marks & ODD_SLOT) ? slot : slot - 1;
    const madeWith = [this.#secret, this.#old].find((secret) => secret?.mark === (marks & ODD_SECRET));
    if (madeWith === undefined || madeWith === null) return false;
    return this.#crypto.constantTimeEqual(this.#cookie(madeWith, place, hello, madeIn), cookie);
  }

  /** Wipes the secrets. Make and verify no cookies after that. */
  wipe(): void {
    this.#secret.bytes.fill(0);
    this.#old?.bytes.fill(0);
  }

  /** The secret is random and never shown. */
  #cookie({ bytes, mark }: Secret, place: string, hello: Uint8Array, slot: number): Uint8Array {
    const slotBytes = new Uint8Array(4); // public
    writeUint32(slotBytes, 0, slot >>> 0);
    const mac = this.#crypto.hmacSha256(bytes, concat(encoder.encode(place), hello, slotBytes));
    const cookie = copyOf(mac, 0, COOKIE_LENGTH);
    cookie[0] = (cookie[0]! & ~MARKS) | (slot & ODD_SLOT) | mark;
    return cookie;
  }

  #rotate(now: number): void {
    if (this.#old !== null && now >= this.#old.until) {
      this.#old.bytes.fill(0);
      this.#old = null;
    }
    if (now < this.#rotateAt) return;
    this.#old = { ...this.#secret, until: now + 2 * this.#slotMs };
    this.#secret = { bytes: this.#crypto.randomBytes(KEY_LENGTH), mark: this.#secret.mark ^ ODD_SECRET };
    this.#rotateAt = now + SECRET_LIFE_MS;
  }

  #slotOf(now: number): number {
    return Math.floor(now / this.#slotMs);
  }
}

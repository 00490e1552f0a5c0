import { concat, copyOf, writeUint32 } from "../core/bytes.js";
import type { CryptoProvider } from "../core/crypto-provider.js";
import { COOKIE_LENGTH, KEY_LENGTH } from "../core/wire.js";

/** How long a secret makes cookies; as long as a cookie may live it is accepted after that. */
const SECRET_LIFE_MS = 3_600_000;

const encoder = new TextEncoder();

interface OldSecret {
  readonly bytes: Uint8Array;
  readonly until: number;
}

/**
 * Stateless cookies (§3): whoever sends one back has received at the address that it was made for, and nothing was kept
 * for that address meanwhile. `HMAC(secret, address and port || device_id || pub_C || slot)[0..15]`.
 */
export class Cookies {
  readonly #crypto: CryptoProvider;
  #secret: Uint8Array;
  #rotateAt: number;
  #old: OldSecret | null = null;
  readonly #slotMs: number;

  /** A cookie is good for its slot and the next one: `slotMs` at least. */
  constructor(crypto: CryptoProvider, now: number, slotMs: number) {
    this.#crypto = crypto;
    this.#slotMs = slotMs;
    this.#secret = crypto.randomBytes(KEY_LENGTH);
    this.#rotateAt = now + SECRET_LIFE_MS;
  }

  /** The cookie for a HELLO of `device_id || pub_C` (38 bytes, borrowed) from `place`, one text per address and port. */
  make(place: string, hello: Uint8Array, now: number): Uint8Array {
    this.#rotate(now);
    return this.#cookie(this.#secret, place, hello, this.#slotOf(now));
  }

  /** Whether `cookie` (borrowed) was made for that HELLO from there, not long ago. */
  verify(cookie: Uint8Array, place: string, hello: Uint8Array, now: number): boolean {
    this.#rotate(now);
    const slot = this.#slotOf(now);
    const secrets = this.#old === null ? [this.#secret] : [this.#secret, this.#old.bytes];
    return secrets.some((secret) =>
      [slot, slot - 1].some((each) => this.#crypto.constantTimeEqual(this.#cookie(secret, place, hello, each), cookie)),
    );
  }

  /** Forgets the secrets; there are no more cookies. */
  wipe(): void {
    this.#secret.fill(0);
    this.#old?.bytes.fill(0);
  }

  /** Secrets are random and never shown. */
  #cookie(secret: Uint8Array, place: string, hello: Uint8Array, slot: number): Uint8Array {
    const slotBytes = new Uint8Array(4); // public
    writeUint32(slotBytes, 0, slot >>> 0);
    const mac = this.#crypto.hmacSha256(secret, concat(encoder.encode(place), hello, slotBytes));
    return copyOf(mac, 0, COOKIE_LENGTH);
  }

  #rotate(now: number): void {
    if (this.#old !== null && now >= this.#old.until) {
      this.#crypto.wipe(this.#old.bytes);
      this.#old = null;
    }
    if (now < this.#rotateAt) return;
    this.#old = { bytes: this.#secret, until: now + 2 * this.#slotMs };
    this.#secret = this.#crypto.randomBytes(KEY_LENGTH);
    this.#rotateAt = now + SECRET_LIFE_MS;
  }

  #slotOf(now: number): number {
    return Math.floor(now / this.#slotMs);
  }
}

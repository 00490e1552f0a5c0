import type { Clock } from "../core/clock.js";
import type { CipherName, CryptoProvider } from "../core/crypto-provider.js";
import { UsmpError } from "../errors.js";
import { systemClock } from "../transport/system-clock.js";

/** What devices and gateways have in common. All durations in milliseconds, all sizes in bytes. */
export interface SessionSettings {
  /** The cipher of both ends; the wire does not negotiate it. Boards speak AES-256-GCM. */
  readonly cipher: CipherName;
  /** The whole handshake, from the open connection on. */
  readonly handshakeTimeoutMs: number;
  /** Half a frame, then silence for this long, ends a session. */
  readonly partialFrameTimeoutMs: number;
  /** `send` is refused while this many bytes wait for the network. */
  readonly maxUnsentBytes: number;
  /** Reading pauses at this many unread messages, or at this many unread bytes. */
  readonly maxUnreadMessages: number;
  readonly maxUnreadBytes: number;
  /** How long an orderly end may take before the connection is cut. */
  readonly closeTimeoutMs: number;
  /** For tests: time, and cryptography. */
  readonly clock: Clock;
  readonly crypto?: CryptoProvider;
}

export const DEFAULT_SESSION_SETTINGS = {
  cipher: "aes-256-gcm",
  handshakeTimeoutMs: 10_000,
  // Adversarial case 11: long enough for a slow radio's pause within a frame, short enough to free the slot.
  partialFrameTimeoutMs: 15_000,
  // About 130 frames: several round trips of a board's window, and little to lose when the link breaks.
  maxUnsentBytes: 65_536,
  maxUnreadMessages: 64,
  maxUnreadBytes: 32_768,
  // BYE is a courtesy; a peer that does not answer the end within this time gets the connection cut.
  closeTimeoutMs: 1_000,
  clock: systemClock,
} as const satisfies SessionSettings;

const CIPHERS: readonly CipherName[] = ["aes-256-gcm", "chacha20-poly1305"];

/** Fails for a cipher that is not one of the two. @throws UsmpError INVALID_ARG naming the option. */
export function checkCipher(value: unknown): void {
  if (!CIPHERS.includes(value as CipherName)) {
    throw new UsmpError(
      "INVALID_ARG",
      `cipher is ${JSON.stringify(value)}; allowed are ${CIPHERS.map((name) => `"${name}"`).join(" and ")}`,
    );
  }
}

/** Fails for a number outside its range. @throws UsmpError INVALID_ARG naming option, value and range. */
export function checkNumber(name: string, value: unknown, least: number, most = Infinity): void {
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    const range = most === Infinity ? `a number of at least ${least}` : `a number from ${least} to ${most}`;
    throw new UsmpError("INVALID_ARG", `${name} is ${String(value)}; give ${range}`);
  }
}

/** `defaults`, with what `given` says in their place; an option that is undefined counts as not given. */
export function withDefaults<Settings extends object>(defaults: Settings, given: Partial<Settings>): Settings {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...(Object.fromEntries(said) as Partial<Settings>) };
}

/** Checks what devices and gateways share. @throws UsmpError INVALID_ARG naming the option. */
export function checkSessionSettings(settings: SessionSettings): void {
  checkCipher(settings.cipher);
  checkNumber("handshakeTimeoutMs", settings.handshakeTimeoutMs, 1);
  checkNumber("partialFrameTimeoutMs", settings.partialFrameTimeoutMs, 1);
  checkNumber("maxUnsentBytes", settings.maxUnsentBytes, 1);
  checkNumber("maxUnreadMessages", settings.maxUnreadMessages, 1);
  checkNumber("maxUnreadBytes", settings.maxUnreadBytes, 1);
  checkNumber("closeTimeoutMs", settings.closeTimeoutMs, 0);
}

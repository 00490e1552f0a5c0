import { describeGiven, refuseArgument, requireClock, requireFunctions, requireSignal } from "../core/arguments.js";
import { ownMembers } from "../core/own-members.js";
import type { Clock } from "../core/clock.js";
import type { CipherName, CryptoProvider } from "../core/crypto-provider.js";
import { UsmpError } from "../errors.js";
import { isLogger, type Logger, type Metrics } from "./event-log.js";
import { systemClock } from "../transport/system-clock.js";

/** The settings that devices and gateways share. All durations in milliseconds, all sizes in bytes. */
export interface SessionSettings {
  /** The cipher of both ends. Default "aes-256-gcm", as boards use it. The wire does not negotiate it. */
  readonly cipher: CipherName;
  /** The time limit of the whole handshake, from the open connection on. Default 10,000. */
  readonly handshakeTimeoutMs: number;
  /** Ends a session after half a frame and then silence for this long. Default 15,000. */
  readonly partialFrameTimeoutMs: number;
  /** `send` is refused while this many bytes wait for the network. Default 65,536. */
  readonly maxUnsentBytes: number;
  /**
   * Reading pauses at this many unread messages. Before the application has listened or read, the oldest is dropped
   * instead. Default 64.
   */
  readonly maxUnreadMessages: number;
  /** As `maxUnreadMessages`, in bytes. Default 32,768. */
  readonly maxUnreadBytes: number;
  /** How long an orderly end may take before the connection is cut. Default 1,000. */
  readonly closeTimeoutMs: number;
  /** Gets one event for each thing that matters; `console` is a logger. The library itself prints nothing. */
  readonly logger?: Logger | undefined;
  /** Counts the events of the log, without its rate limit, and gauges what a gateway holds. */
  readonly metrics?: Metrics | undefined;
  /** For tests: the clock and, as `crypto`, the cryptography. */
  readonly clock: Clock;
  readonly crypto?: CryptoProvider | undefined;
}

/** `Settings` as users give them: each member may be absent or undefined. */
export type Given<Settings> = { readonly [Name in keyof Settings]?: Settings[Name] | undefined };

export const DEFAULT_SESSION_SETTINGS = {
  cipher: "aes-256-gcm",
  handshakeTimeoutMs: 10_000,
  // §1.2: long enough for a slow radio's pause within a frame, short enough to free the slot.
  partialFrameTimeoutMs: 15_000,
  // About 130 frames: several round trips of a board's window, and little to lose if the link breaks.
  maxUnsentBytes: 65_536,
  maxUnreadMessages: 64,
  maxUnreadBytes: 32_768,
  // BYE is a courtesy. If the peer does not answer the end within this time, the connection is cut.
  closeTimeoutMs: 1_000,
  clock: systemClock,
} as const satisfies SessionSettings;

/** The two ciphers of the wire, the default first. */
export const CIPHERS: readonly [CipherName, ...CipherName[]] = ["aes-256-gcm", "chacha20-poly1305"];

const ALLOWED_CIPHERS = `allowed are ${CIPHERS.map((name) => `"${name}"`).join(" and ")}`;

/** Checks a cipher. @throws UsmpError INVALID_ARG naming the option, if it is neither of the two. */
export function checkCipher(value: unknown): void {
  if (!isCipher(value)) throw new UsmpError("INVALID_ARG", `cipher is ${JSON.stringify(value)}; ${ALLOWED_CIPHERS}`);
}

/** Checks a list of one cipher or both. @throws UsmpError INVALID_ARG naming the option. */
export function checkCiphers(value: unknown): void {
  if (!Array.isArray(value)) throw badCiphers(value, "give a list");
  if (value.length === 0) throw badCiphers(value, "give one cipher or both");
  if (!value.every(isCipher)) throw badCiphers(value, ALLOWED_CIPHERS);
  if (new Set(value).size < value.length) throw badCiphers(value, "give each once");
}

function isCipher(value: unknown): value is CipherName {
  return CIPHERS.includes(value as CipherName);
}

function badCiphers(value: unknown, advice: string): UsmpError {
  return new UsmpError("INVALID_ARG", `ciphers is ${JSON.stringify(value)}; ${advice}`);
}

/** Checks that a number is from `least` to `most`. @throws UsmpError INVALID_ARG naming option, value and range. */
export function checkNumber(name: string, value: unknown, least: number, most = Infinity): void {
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    const range = most === Infinity ? `a number of at least ${least}` : `a number from ${least} to ${most}`;
    const given = typeof value === "string" ? `the text ${JSON.stringify(value)}` : shownNumber(value);
    throw new UsmpError("INVALID_ARG", `${name} is ${given}; give ${range}`);
  }
}

function shownNumber(value: unknown): string {
  return typeof value === "number" || typeof value === "bigint" ? String(value) : describeGiven(value);
}

/**
 * Checks that each option exists, to catch a misspelt one.
 * @throws UsmpError INVALID_ARG naming the unknown option, and the options that exist.
 */
export function checkKnown(given: object, ...known: readonly object[]): void {
  const options = [UNSET, ...known];
  for (const name of Object.keys(given)) {
    if (options.some((some) => Object.hasOwn(some, name))) continue;
    const text = [...new Set(options.flatMap((some) => Object.keys(some)))].sort().join(", ");
    throw new UsmpError("INVALID_ARG", `there is no option ${JSON.stringify(name)}; the options are ${text}`);
  }
}

/** Options without a default. */
const UNSET = { crypto: undefined, logger: undefined, metrics: undefined };

/**
 * Merges `given` over `defaults`. Ignores undefined options, and those of the other end: a facade gets the options of
 * devices and of gateways.
 */
export function withDefaults<Settings extends object>(defaults: Settings, given: Given<Settings>): Settings {
  const settings = ownMembers(defaults);
  for (const name of Object.keys(given) as (keyof Settings)[]) {
    const value = given[name];
    if (value !== undefined && (Object.hasOwn(defaults, name) || name in UNSET)) settings[name] = value;
  }
  return settings;
}

const PROVIDER_FUNCTIONS: readonly (keyof CryptoProvider)[] = [
  "generateKeyPair",
  "hmacSha256",
  "hkdfSha256",
  "aead",
  "randomBytes",
  "constantTimeEqual",
  "wipe",
];

/** Checks that required options are given; `wanted` describes them. @throws UsmpError INVALID_ARG */
export function requireOptions(given: unknown, wanted: string): void {
  if (given === undefined) refuseArgument("options", given, wanted);
}

/** How many milliseconds a `ping` waits. @throws UsmpError INVALID_ARG naming what is wrong. */
export function pingTimeoutOf(options: { readonly timeoutMs?: number | undefined } | undefined): number {
  const { timeoutMs = DEFAULT_PING_TIMEOUT_MS } = ownMembers(options);
  checkNumber("timeoutMs", timeoutMs, 0);
  return timeoutMs;
}

/** The limits of a wait for an answer of the peer. */
export interface PingOptions {
  /** Gives up after this many milliseconds, with TIMEOUT. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Aborting it gives up, with CLOSED and the signal's reason as `cause`. */
  readonly signal?: AbortSignal | undefined;
}

/** The option that calls off a wait. */
export interface AbortOptions {
  /** Aborting it gives up, with CLOSED and the signal's reason as `cause`. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws UsmpError INVALID_ARG if `options` is not an object, or `signal` is not an AbortSignal. */
export function abortSignalOf(options: AbortOptions | undefined): AbortSignal | undefined {
  const { signal } = ownMembers(options);
  requireSignal(signal);
  return signal;
}

/** The options of the end of a session, or of a facade's life. */
export interface CloseOptions {
  /** First waits until every message that was accepted has left. Default false: the messages get `closeTimeoutMs`. */
  readonly drain?: boolean | undefined;
}

/** @throws UsmpError INVALID_ARG naming what is wrong. */
export function drainOf(options: CloseOptions | undefined): boolean {
  const { drain = false } = ownMembers(options);
  if (typeof drain !== "boolean") refuseArgument("drain", drain, "true or false");
  return drain;
}

/**
 * How many milliseconds the end of a gateway waits for callbacks. @throws UsmpError INVALID_ARG naming what is wrong.
 */
export function graceOf(options: { readonly graceMs?: number | undefined } | undefined): number {
  const { graceMs = 0 } = ownMembers(options);
  checkNumber("graceMs", graceMs, 0);
  return graceMs;
}

const DEFAULT_PING_TIMEOUT_MS = 10_000;

/** Checks the settings that devices and gateways share. @throws UsmpError INVALID_ARG naming the option. */
export function checkSessionSettings(settings: SessionSettings): void {
  checkCipher(settings.cipher);
  requireClock(settings.clock);
  if (settings.crypto !== undefined)
    requireFunctions("crypto", settings.crypto, PROVIDER_FUNCTIONS, `an object with ${PROVIDER_FUNCTIONS.join(", ")}`);
  if (settings.metrics !== undefined)
    requireFunctions("metrics", settings.metrics, ["count", "gauge"], "an object with count and gauge");
  if (settings.logger !== undefined && !isLogger(settings.logger))
    throw new UsmpError(
      "INVALID_ARG",
      "the logger lacks one of the functions debug, info, warn and error; give an object with all four, such as console",
    );
  checkNumber("handshakeTimeoutMs", settings.handshakeTimeoutMs, 1);
  checkNumber("partialFrameTimeoutMs", settings.partialFrameTimeoutMs, 1);
  checkNumber("maxUnsentBytes", settings.maxUnsentBytes, 1);
  checkNumber("maxUnreadMessages", settings.maxUnreadMessages, 1);
  checkNumber("maxUnreadBytes", settings.maxUnreadBytes, 1);
  checkNumber("closeTimeoutMs", settings.closeTimeoutMs, 0);
}

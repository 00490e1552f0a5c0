import { UsmpError } from "../../errors.js";
import { LONGEST_TIMER_MS } from "../../transport/system-clock.js";

/** What a gateway allows; docs/gateway.md has the reasons. Durations in milliseconds, sizes in entries or bytes. */
export interface GatewayLimits {
  /** Sessions at once. Default 4,096. */
  readonly maxSessions: number;
  /** Sessions at once from one address (IPv6: one /64 network). Default 256. */
  readonly maxSessionsPerAddress: number;
  /** Unfinished handshakes at once, including open connections that have sent nothing yet. Default 256. */
  readonly maxHandshakes: number;
  /** Unfinished handshakes at once from one address. Default 16. */
  readonly maxHandshakesPerAddress: number;
  /** New handshakes per second. Default 1,000. */
  readonly maxHandshakesPerSecond: number;
  /** New handshakes per second from one address, in the long run. Default 50. */
  readonly maxHandshakesPerSecondPerAddress: number;
  /** New handshakes from one address in one burst. Default 200. */
  readonly handshakeBurstPerAddress: number;
  /** Time for a new connection to send HELLO. Default 3,000. */
  readonly helloTimeoutMs: number;
  /** Wrong keys of one device id at one address before its first lockout. Default 5. */
  readonly lockoutAfterFailures: number;
  /** Length of the first lockout; each further wrong key doubles it, up to `maxLockoutMs`. Default 1,000. */
  readonly lockoutMs: number;
  /** Longest lockout. Default 60,000. */
  readonly maxLockoutMs: number;
  /** How long an address, and a device at it, counts as known after it proved a key. Default 24 hours. */
  readonly rememberMs: number;
  /** Entries of each table of addresses and devices. Default 65,536. */
  readonly maxTableEntries: number;
  /** Over UDP, cookies made per second, in total. Default 20,000. */
  readonly maxCookiesPerSecond: number;
  /** Over UDP, how long a cookie is valid at least; twice as long at most. Default 30,000. */
  readonly cookieMs: number;
  /** The session ends with SLOW unless its unsent bytes shrink within this time; 0 turns that off. Default 30,000. */
  readonly slowTimeoutMs: number;
  /** Lines of one kind that the logger gets per second. Default 10. */
  readonly maxLogLinesPerSecond: number;
}

/** One limit: its default, and the values that are allowed. */
interface LimitRule {
  readonly default: number;
  readonly least: number;
  readonly most: number;
}

const DAY_MS = 86_400_000;
const MANY = 10_000_000;

const count = (standard: number, least = 1): LimitRule => ({ default: standard, least, most: MANY });
const duration = (standard: number, least = 1): LimitRule => ({ default: standard, least, most: LONGEST_TIMER_MS });

/** Every limit, once: what the library checks, the program lists and docs/gateway.md explains. */
export const LIMIT_RULES: Readonly<Record<keyof GatewayLimits, LimitRule>> = {
  maxSessions: count(4_096),
  maxSessionsPerAddress: count(256),
  maxHandshakes: count(256),
  maxHandshakesPerAddress: count(16),
  maxHandshakesPerSecond: count(1_000),
  maxHandshakesPerSecondPerAddress: count(50),
  handshakeBurstPerAddress: count(200),
  helloTimeoutMs: duration(3_000),
  lockoutAfterFailures: count(5),
  lockoutMs: duration(1_000),
  maxLockoutMs: duration(60_000),
  rememberMs: duration(DAY_MS, 0),
  maxTableEntries: count(65_536),
  maxCookiesPerSecond: count(20_000),
  cookieMs: duration(30_000),
  slowTimeoutMs: duration(30_000, 0),
  maxLogLinesPerSecond: count(10, 0),
};

export const LIMIT_NAMES = Object.keys(LIMIT_RULES) as readonly (keyof GatewayLimits)[];

export const DEFAULT_LIMITS = Object.fromEntries(
  LIMIT_NAMES.map((name) => [name, LIMIT_RULES[name].default]),
) as unknown as GatewayLimits;

/** @throws UsmpError INVALID_ARG naming the limit, what was given and what is allowed. */
export function checkLimits(limits: GatewayLimits): void {
  for (const name of LIMIT_NAMES) {
    const given: unknown = limits[name];
    const { least, most } = LIMIT_RULES[name];
    if (Number.isInteger(given) && (given as number) >= least && (given as number) <= most) continue;
    const shown =
      typeof given === "number" ? String(given) : typeof given === "string" ? "a text" : `of type ${typeof given}`;
    throw new UsmpError("INVALID_ARG", `${name} is ${shown}; give a whole number from ${least} to ${most}`);
  }
  requireAtMost(limits, "maxHandshakesPerAddress", "maxHandshakes");
  requireAtMost(limits, "lockoutMs", "maxLockoutMs");
}

function requireAtMost(limits: GatewayLimits, name: keyof GatewayLimits, bound: keyof GatewayLimits): void {
  if (limits[name] <= limits[bound]) return;
  throw new UsmpError("INVALID_ARG", `${name} is ${limits[name]}; give at most ${bound}, which is ${limits[bound]}`);
}

/**
 * The life of a device's connection as a pure function: state and input in, next state and effects out.
 *
 *     idle --begin--> opening --linkOpen--> handshaking --established--> established
 *                      ^  |                     |                            |
 *                      |  | failed              | failed                     | lost
 *                      |  v                     v                            v
 *                      +--timer-------------- backoff <----------------------+
 *
 *     close: from anywhere to closed.   begin: from anywhere to opening, as a new life.
 *     reconnect: from anywhere but idle and closed to opening, at once.
 *     failed or lost, if no further attempt is allowed: to closed.
 *
 * Each attempt has a number; an input that carries another one comes from an old connection and changes nothing.
 */
import { UsmpError, type UsmpErrorCode } from "../errors.js";
import { checkKnown, checkNumber, withDefaults, type Given } from "../session/options.js";

export type ReconnectState =
  | { readonly name: "idle" }
  | ({ readonly name: "opening" } & AttemptInfo)
  | ({ readonly name: "handshaking" } & AttemptInfo)
  | ({ readonly name: "established"; readonly since: number } & AttemptInfo)
  | ({
      readonly name: "backoff";
      readonly retryAt: number;
      readonly delayMs: number;
      readonly error: UsmpError;
    } & AttemptInfo)
  | { readonly name: "closed"; readonly attempt: number; readonly error: UsmpError };

/** A life that has begun and has not ended. */
type ActiveState = Exclude<ReconnectState, { readonly name: "idle" | "closed" }>;

interface AttemptInfo {
  /** Counts up for the life of the facade, and identifies the connection. */
  readonly attempt: number;
  /** The number of failed attempts, and sessions that were lost early, in a row. */
  readonly failures: number;
  /** The number of sessions of this life so far. */
  readonly sessions: number;
}

export type LifeInput =
  | { readonly type: "begin" }
  | { readonly type: "reconnect" }
  | { readonly type: "close"; readonly error: UsmpError }
  | AttemptInput;

/** Reports of one attempt, identified by its number. */
type AttemptInput =
  | { readonly type: "linkOpen"; readonly attempt: number }
  | { readonly type: "established"; readonly attempt: number }
  /** The attempt failed. */
  | { readonly type: "failed"; readonly attempt: number; readonly error: UsmpError }
  /** The established session has ended. */
  | { readonly type: "lost"; readonly attempt: number; readonly error: UsmpError }
  | { readonly type: "timer"; readonly attempt: number };

export type ReconnectEffect =
  /** Start connecting; report back under this number. */
  | { readonly type: "dial"; readonly attempt: number }
  /** End the running attempt or session, and the timer, if there are any. */
  | { readonly type: "drop" }
  | { readonly type: "startTimer"; readonly attempt: number; readonly delayMs: number }
  | { readonly type: "announce"; readonly again: boolean };

/** The delay in milliseconds after `attempt` failures (1 or more) in a row, the last one with `lastError`. */
export type DelayFunction = (attempt: number, lastError: UsmpError) => number;

/** All durations in milliseconds. */
export interface BackoffOptions {
  /** The first window; each failure doubles it. Default 2,000. */
  readonly minDelayMs: number;
  /** No window grows beyond this. An authentication failure waits this long. Default 30,000. */
  readonly maxDelayMs: number;
  /**
   * If over 0: the first delay is uniform from 0 to this, and no later window is narrower. Spreads a fleet. Default 0.
   */
  readonly firstDelayMs: number;
  /** A session that lived this long resets the backoff. Default 30,000. */
  readonly stableMs: number;
  /** Gives up after this many failed attempts in a row; a lost session counts as one. Default: no limit. */
  readonly maxAttempts: number;
  /**
   * Replaces the windows if it returns a finite number of at least 0; for anything else the delay is `maxDelayMs`.
   * Default: none.
   */
  readonly delayMs: DelayFunction | null;
}

/** The Arduino port's 2 s doubling to 30 s. */
export const DEFAULT_BACKOFF: BackoffOptions = {
  minDelayMs: 2_000,
  maxDelayMs: 30_000,
  firstDelayMs: 0,
  stableMs: 30_000,
  maxAttempts: Infinity,
  delayMs: null,
};

/** No attempt after the first, and none after a loss. */
export const NO_RETRY: BackoffOptions = { ...DEFAULT_BACKOFF, maxAttempts: 1 };

/** @throws UsmpError INVALID_ARG naming the option. */
export function checkBackoff(options: BackoffOptions): void {
  checkNumber("reconnect.minDelayMs", options.minDelayMs, 0);
  checkNumber("reconnect.maxDelayMs", options.maxDelayMs, options.minDelayMs);
  checkNumber("reconnect.firstDelayMs", options.firstDelayMs, 0);
  checkNumber("reconnect.stableMs", options.stableMs, 0);
  checkNumber("reconnect.maxAttempts", options.maxAttempts, 1);
  const { delayMs } = options as { readonly delayMs: unknown };
  if (delayMs !== null && typeof delayMs !== "function") {
    throw new UsmpError(
      "INVALID_ARG",
      `reconnect.delayMs is of type ${typeof delayMs}; give a function that returns milliseconds`,
    );
  }
}

/** Completes the user's `reconnect` option. @throws UsmpError INVALID_ARG naming what is wrong in it. */
export function parseReconnect(given: Given<BackoffOptions> | DelayFunction | false | undefined): BackoffOptions {
  if (given === false) return NO_RETRY;
  const options = typeof given === "function" ? { delayMs: given } : (given ?? {});
  checkKnown(options, DEFAULT_BACKOFF);
  const backoff = withDefaults(DEFAULT_BACKOFF, options);
  checkBackoff(backoff);
  return backoff;
}

export interface Transition {
  readonly state: ReconnectState;
  readonly effects: readonly ReconnectEffect[];
}

/** A retry cannot help: the arguments, or the platform, are wrong. */
const PERMANENT: ReadonlySet<UsmpErrorCode> = new Set(["INVALID_ARG", "UNSUPPORTED"]);

/** Returns the next state and the effects. `now` is in milliseconds; `random` is at least 0 and less than 1. */
export function step(
  state: ReconnectState,
  input: LifeInput,
  now: number,
  random: number,
  options: BackoffOptions,
): Transition {
  switch (input.type) {
    case "begin":
      return dial(numberOf(state), 0, 0, true);
    case "close":
      return { state: { name: "closed", attempt: numberOf(state), error: input.error }, effects: [{ type: "drop" }] };
    case "reconnect":
      return isActive(state) ? dial(state.attempt, 0, state.sessions, true) : unchanged(state);
    default:
      return isActive(state) && input.attempt === state.attempt
        ? stepAttempt(state, input, now, random, options)
        : unchanged(state);
  }
}

/** Handles a report of the running attempt, its session or its timer. A report that does not fit changes nothing. */
function stepAttempt(
  state: ActiveState,
  input: AttemptInput,
  now: number,
  random: number,
  options: BackoffOptions,
): Transition {
  const connecting = state.name === "opening" || state.name === "handshaking";
  switch (input.type) {
    case "linkOpen":
      return state.name === "opening" ? { state: { ...state, name: "handshaking" }, effects: [] } : unchanged(state);
    case "established":
      return connecting ? establish(state, now) : unchanged(state);
    case "failed":
      return connecting ? backOff(state, state.failures + 1, input.error, now, random, options) : unchanged(state);
    case "lost": {
      if (state.name !== "established") return unchanged(state);
      // A connect-then-drop loop keeps backing off: only a session that lasted resets the failures.
      const failures = now - state.since >= options.stableMs ? 0 : state.failures;
      return backOff(state, failures + 1, input.error, now, random, options);
    }
    case "timer":
      return state.name === "backoff" ? dial(state.attempt, state.failures, state.sessions, false) : unchanged(state);
  }
}

/**
 * The delay in milliseconds before the next attempt, after `failures` (1 or more) in a row: exponential, with full
 * jitter.
 */
export function backoffDelay(failures: number, error: UsmpError, random: number, options: BackoffOptions): number {
  const { minDelayMs, maxDelayMs, firstDelayMs } = options;
  if (options.delayMs !== null) {
    const delayMs = options.delayMs(failures, error);
    return delayMs >= 0 && delayMs < Infinity ? delayMs : maxDelayMs;
  }
  if (error.code === "AUTH") return maxDelayMs;
  if (firstDelayMs > 0 && failures === 1) return random * firstDelayMs;
  // Beyond 2^52 the window no longer changes, and 2^1024 would be Infinity.
  const window = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(failures - 1, 52));
  return random * Math.max(window, firstDelayMs);
}

function isActive(state: ReconnectState): state is ActiveState {
  return state.name !== "idle" && state.name !== "closed";
}

function unchanged(state: ReconnectState): Transition {
  return { state, effects: [] };
}

function numberOf(state: ReconnectState): number {
  return state.name === "idle" ? 0 : state.attempt;
}

function dial(lastAttempt: number, failures: number, sessions: number, dropFirst: boolean): Transition {
  const attempt = lastAttempt + 1;
  const start: ReconnectEffect = { type: "dial", attempt };
  return {
    state: { name: "opening", attempt, failures, sessions },
    effects: dropFirst ? [{ type: "drop" }, start] : [start],
  };
}

function establish({ attempt, failures, sessions }: AttemptInfo, now: number): Transition {
  return {
    state: { name: "established", attempt, failures, sessions: sessions + 1, since: now },
    effects: [{ type: "announce", again: sessions > 0 }],
  };
}

function backOff(
  { attempt, sessions }: AttemptInfo,
  failures: number,
  error: UsmpError,
  now: number,
  random: number,
  options: BackoffOptions,
): Transition {
  if (PERMANENT.has(error.code) || failures >= options.maxAttempts) {
    return { state: { name: "closed", attempt, error }, effects: [] };
  }
  const delayMs = backoffDelay(failures, error, random, options);
  return {
    state: { name: "backoff", attempt, failures, sessions, retryAt: now + delayMs, delayMs, error },
    effects: [{ type: "startTimer", attempt, delayMs }],
  };
}

import { causeText } from "../errors.js";
import type { Clock } from "../core/clock.js";
import { isThenable } from "../core/kinds.js";
import { LogRateLimiter } from "./log-rate-limiter.js";

/** The data of an event: ids as text, numbers, codes. Never a key. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Takes the events; `console` is a logger. An error that it throws is ignored. */
export interface Logger {
  debug(event: string, fields: LogFields): void;
  info(event: string, fields: LogFields): void;
  warn(event: string, fields: LogFields): void;
  error(event: string, fields: LogFields): void;
}

type LogLevel = keyof Logger;

/** @internal Whether `value` can be a logger. */
export function isLogger(value: unknown): value is Logger {
  if (typeof value !== "object" || value === null) return false;
  return (["debug", "info", "warn", "error"] as const).every(
    (level) => typeof (value as Partial<Logger>)[level] === "function",
  );
}

/** Takes counts, without the rate limit of a log. Called synchronously; an error that it throws is ignored. */
export interface Metrics {
  /** Counts one event. `event` is its name in the log; `code` is the error's code, or null. */
  count(event: string, code: string | null): void;
  /** Sets a gauge of a gateway to `value`: `"connections"` (handshakes and sessions) or `"sessions"`. */
  gauge(name: string, value: number): void;
}

/**
 * Passes events to the user's logger: at most `mostPerSecond` of one kind a second. The next event that passes says how
 * many were left out. Counts all events in the user's metrics.
 */
export class EventLog {
  readonly #logger: Logger | undefined;
  readonly #metrics: Metrics | undefined;
  readonly #clock: Clock;
  readonly #mostPerSecond: number;
  /** By event name. Only the library names events, so there are few. */
  readonly #kinds = new Map<string, LogRateLimiter>();

  constructor(logger: Logger | undefined, clock: Clock, mostPerSecond = 10, metrics?: Metrics) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#clock = clock;
    this.#mostPerSecond = mostPerSecond;
  }

  /** Whether there is a logger. */
  get isRead(): boolean {
    return this.#logger !== undefined;
  }

  /** Calls `fields` only if there are metrics, or a logger gets the event. */
  log(level: LogLevel, event: string, fields: () => LogFields): void {
    const metrics = this.#metrics;
    if (metrics !== undefined) {
      const { code } = fields();
      contain(() => metrics.count(event, typeof code === "string" ? code : null));
    }
    if (this.#logger === undefined) return;
    const leftOut = this.#tryPass(event);
    if (leftOut === null) return;
    contain(() => this.#logger?.[level](event, leftOut === 0 ? fields() : { ...fields(), leftOut }));
  }

  /** Sets the gauge `name` to `value`. */
  gauge(name: string, value: number): void {
    contain(() => this.#metrics?.gauge(name, value));
  }

  #tryPass(event: string): number | null {
    const now = this.#clock.now();
    const limiter = this.#kinds.get(event) ?? new LogRateLimiter(this.#mostPerSecond, now);
    this.#kinds.set(event, limiter);
    return limiter.tryPass(now);
  }
}

/** A logger that fails must end neither a session nor the process, and its error has no place to go. */
function contain(call: () => unknown): void {
  try {
    const result = call();
    if (isThenable(result)) Promise.resolve(result).catch(() => {});
  } catch {
    // As above.
  }
}

/** The fields of an event about lost messages; `session` is null if the loss belongs to no session. */
export function droppedFields(
  reason: Parameters<typeof errorFields>[0],
  session: { readonly deviceId: string; readonly sessionId: string } | null,
): LogFields {
  if (session === null) return errorFields(reason);
  return { deviceId: session.deviceId, sessionId: session.sessionId, ...errorFields(reason) };
}

/** The fields of an event about an error. */
export function errorFields(error: {
  readonly code: string;
  readonly message: string;
  readonly cause?: unknown;
}): LogFields {
  const { code, message } = error;
  // An error's `cause` is not enumerable, and an own member if it was given.
  const cause = Object.hasOwn(error, "cause") ? error.cause : undefined;
  return cause === undefined ? { code, message } : { code, message, cause: causeText(cause) };
}

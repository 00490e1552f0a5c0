import { causeText } from "../errors.js";
import type { Clock } from "../core/clock.js";
import { isThenable } from "../core/kinds.js";
import { LogRateLimiter } from "./log-rate-limiter.js";

/** What belongs to an event: ids as text, numbers, codes. Never a key. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Where events go: `console` is one. What it throws is ignored. */
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

/** Where counts go, without the rate limit of a log. Called synchronously; what it throws is ignored. */
export interface Metrics {
  /** One more event of this name, the names being those of the log; `code`: the error's, or null. */
  count(event: string, code: string | null): void;
  /** There are `value` of these now: `"connections"` (handshakes and sessions) or `"sessions"` of a gateway. */
  gauge(name: string, value: number): void;
}

/**
 * Passes events on to the user's logger: at most so many of one kind a second, and with the next one how many were left out.
 * Counts all of them in the user's metrics.
 */
export class EventLog {
  readonly #logger: Logger | undefined;
  readonly #metrics: Metrics | undefined;
  readonly #clock: Clock;
  readonly #mostPerSecond: number;
  /** Kinds are the library's own words: there are few. */
  readonly #kinds = new Map<string, LogRateLimiter>();

  constructor(logger: Logger | undefined, clock: Clock, mostPerSecond = 10, metrics?: Metrics) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#clock = clock;
    this.#mostPerSecond = mostPerSecond;
  }

  /** Whether events go anywhere. */
  get isRead(): boolean {
    return this.#logger !== undefined;
  }

  /** `fields` is only called if somebody wants the event. */
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

  /** There are `value` of what `name` names. */
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

/** A logger that fails must not end a session, nor the process, and there is nobody to tell. */
function contain(call: () => unknown): void {
  try {
    const result = call();
    if (isThenable(result)) Promise.resolve(result).catch(() => {});
  } catch {
    // As above.
  }
}

/** How the loss of messages goes into an event; `session`: on which, null where on none. */
export function droppedFields(
  reason: Parameters<typeof errorFields>[0],
  session: { readonly deviceId: string; readonly sessionId: string } | null,
): LogFields {
  if (session === null) return errorFields(reason);
  return { deviceId: session.deviceId, sessionId: session.sessionId, ...errorFields(reason) };
}

/** How an error goes into an event. */
export function errorFields(error: {
  readonly code: string;
  readonly message: string;
  readonly cause?: unknown;
}): LogFields {
  const { code, message } = error;
  // Not enumerable, and own where there is one.
  const cause = Object.hasOwn(error, "cause") ? error.cause : undefined;
  return cause === undefined ? { code, message } : { code, message, cause: causeText(cause) };
}

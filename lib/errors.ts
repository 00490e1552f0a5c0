/**
 * The one error class. Every failure that reaches a user is a {@link UsmpError} with a stable `code`. Callers branch on
 * the code, never on the text. Messages say what to do next and never hold a key.
 */

/** The C core's numbers (`usmp_err_t`), kept so that a ported sketch can compare them. */
export const UsmpErrno = {
  OK: 0,
  INVALID_ARG: -1,
  TRANSPORT_FAILED: -2,
  AUTH_FAILED: -3,
  TIMEOUT: -4,
  REPLAY_DETECTED: -5,
  BUFFER_OVERFLOW: -6,
  SEQ_EXHAUSTED: -7,
  CRYPTO_FAILED: -8,
  NOT_CONNECTED: -9,
} as const;

/** The C core's number for each code. `docs/errors.md` has a heading for each. */
const ERRNO_BY_CODE = {
  INVALID_ARG: UsmpErrno.INVALID_ARG,
  UNSUPPORTED: UsmpErrno.INVALID_ARG,
  TRANSPORT: UsmpErrno.TRANSPORT_FAILED,
  FRAME: UsmpErrno.TRANSPORT_FAILED,
  VERSION: UsmpErrno.TRANSPORT_FAILED,
  FLOOD: UsmpErrno.TRANSPORT_FAILED,
  BYE: UsmpErrno.TRANSPORT_FAILED,
  SUPERSEDED: UsmpErrno.TRANSPORT_FAILED,
  SLOW: UsmpErrno.TRANSPORT_FAILED,
  LIMIT: UsmpErrno.TRANSPORT_FAILED,
  HANDLER: UsmpErrno.TRANSPORT_FAILED,
  HANDSHAKE: UsmpErrno.AUTH_FAILED,
  AUTH: UsmpErrno.AUTH_FAILED,
  TIMEOUT: UsmpErrno.TIMEOUT,
  SEQUENCE: UsmpErrno.REPLAY_DETECTED,
  FRAGMENT: UsmpErrno.REPLAY_DETECTED,
  PAYLOAD_TOO_LARGE: UsmpErrno.BUFFER_OVERFLOW,
  BUFFER_FULL: UsmpErrno.BUFFER_OVERFLOW,
  SEQ_EXHAUSTED: UsmpErrno.SEQ_EXHAUSTED,
  CRYPTO: UsmpErrno.CRYPTO_FAILED,
  NOT_CONNECTED: UsmpErrno.NOT_CONNECTED,
  CLOSED: UsmpErrno.NOT_CONNECTED,
} as const;

/** What went wrong: one of the headings of `docs/errors.md`. */
export type UsmpErrorCode = keyof typeof ERRNO_BY_CODE;

/** Every code there is, for documentation checks and exhaustive tables. */
export const USMP_ERROR_CODES = Object.freeze(Object.keys(ERRNO_BY_CODE)) as readonly UsmpErrorCode[];

/** Recognises errors of the ESM and the CommonJS copy of this module in one process, where `instanceof` fails. */
const BRAND = Symbol.for("usmp.error");

/**
 * The error of every rejected promise, `onDisconnect` and `error` event of this library.
 *
 * `code` says what went wrong, `errno` is the C core's number for it, and `cause` is the system's own error if there is
 * one.
 */
export class UsmpError extends Error {
  override readonly name = "UsmpError";
  readonly code: UsmpErrorCode;
  readonly errno: number;

  constructor(code: UsmpErrorCode, message: string, options?: { readonly cause?: unknown }) {
    const cause = causeOf(options);
    super(message, cause === undefined ? undefined : { cause });
    requireCode(code);
    this.code = code;
    this.errno = ERRNO_BY_CODE[code];
  }
}
Object.defineProperty(UsmpError.prototype, BRAND, { value: true });

/** Null and values that are not objects have no cause, as with the language's own errors. */
function causeOf(options: unknown): unknown {
  if (typeof options !== "object" || options === null || !Object.hasOwn(options, "cause")) return undefined;
  return (options as { readonly cause?: unknown }).cause;
}

function requireCode(code: unknown): void {
  if (typeof code === "string" && Object.hasOwn(ERRNO_BY_CODE, code)) return;
  const given = typeof code === "string" ? JSON.stringify(code) : code === null ? "null" : `of type ${typeof code}`;
  throw new TypeError(`the code is ${given}; give one of USMP_ERROR_CODES`);
}

/**
 * An error for an end that was asked for. It has no stack trace: the trace would point into this library, and
 * collecting it takes longer than everything else at the end of a session.
 */
export function orderlyEnd(code: "BYE" | "CLOSED", message: string): UsmpError {
  const limit = Error.stackTraceLimit;
  // If the limit cannot be changed, the error keeps its trace.
  Reflect.set(Error, "stackTraceLimit", 0);
  try {
    return new UsmpError(code, message);
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit);
  }
}

/** Whether `value` is a {@link UsmpError}, even from another copy of this library. */
export function isUsmpError(value: unknown): value is UsmpError {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/** A thrown value as text. Never throws, even if converting the value does. */
export function causeText(cause: unknown): string {
  try {
    return hasMessage(cause) ? cause.message : String(cause);
  } catch {
    return "what it threw has no text";
  }
}

/** Not `instanceof Error`, which is false for an error of another realm. */
function hasMessage(cause: unknown): cause is { readonly message: string } {
  return typeof cause === "object" && cause !== null && "message" in cause && typeof cause.message === "string";
}

/** The system's error code, such as `"ENOENT"`; null if there is none. */
export function systemCodeOf(cause: unknown): string | null {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return null;
  return typeof cause.code === "string" ? cause.code : null;
}

/** `cause` itself if it is a {@link UsmpError}; else a TRANSPORT error that wraps what a user's own transport threw. */
export function toUsmpError(cause: unknown): UsmpError {
  return isUsmpError(cause)
    ? cause
    : new UsmpError("TRANSPORT", `the transport failed: ${causeText(cause)}`, { cause });
}

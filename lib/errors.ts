/**
 * The one error family. Every failure that reaches a user is a {@link UsmpError} with a stable `code`; callers branch on
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

/** One table from our words to the C core's numbers; `docs/errors.md` has a heading for each. */
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

/** A stable word for what went wrong; the headings of `docs/errors.md`. */
export type UsmpErrorCode = keyof typeof ERRNO_BY_CODE;

/** Every code there is, for documentation checks and exhaustive tables. */
export const USMP_ERROR_CODES = Object.freeze(Object.keys(ERRNO_BY_CODE)) as readonly UsmpErrorCode[];

/** ESM and CommonJS copies of this module may meet in one process, where `instanceof` fails; a registered symbol does not. */
const BRAND = Symbol.for("usmp.error");

/**
 * What every rejected promise, `onDisconnect` and `error` event of this library carries.
 *
 * `code` is the stable word, `errno` the C core's number for it, `cause` the system's own error where there is one.
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

/** Anything but an object has no cause, as with the errors of the language. */
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
 * What tells of an end that was wanted. It has no stack trace, which would point into this library, and which takes longer to
 * collect than all else at the end of a session.
 */
export function orderlyEnd(code: "BYE" | "CLOSED", message: string): UsmpError {
  const limit = Error.stackTraceLimit;
  // Where it cannot be changed the trace stays.
  Reflect.set(Error, "stackTraceLimit", 0);
  try {
    return new UsmpError(code, message);
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit);
  }
}

/** Whether `value` is a {@link UsmpError}, also one made by another copy of this library. */
export function isUsmpError(value: unknown): value is UsmpError {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/** What was thrown, as text. Anything can be thrown, also what fails when it is asked for its text. */
export function causeText(cause: unknown): string {
  try {
    return hasMessage(cause) ? cause.message : String(cause);
  } catch {
    return "what it threw has no text";
  }
}

/** Not `instanceof Error`: an error of another realm is none of this one's. */
function hasMessage(cause: unknown): cause is { readonly message: string } {
  return typeof cause === "object" && cause !== null && "message" in cause && typeof cause.message === "string";
}

/** The system's own word for a failure, such as `"ENOENT"`; null for what has none. */
export function systemCodeOf(cause: unknown): string | null {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return null;
  return typeof cause.code === "string" ? cause.code : null;
}

/** `cause` itself where it is a {@link UsmpError}; else what a transport of the user's own threw, as a TRANSPORT error. */
export function toUsmpError(cause: unknown): UsmpError {
  return isUsmpError(cause)
    ? cause
    : new UsmpError("TRANSPORT", `the transport failed: ${causeText(cause)}`, { cause });
}

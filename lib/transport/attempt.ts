import { refuseArgument, requireSignal } from "../core/arguments.js";
import { hasMember } from "../core/own-members.js";
import type { DialOptions } from "./transport.js";

/**
 * An attempt to connect, which can be called off until it is over. Whoever made it ends it; who has it for a while says what
 * calling it off means meanwhile: the owner, from step to step, and the dialer.
 *
 * It is what our own dialers are given as options, and they hear of it directly. An `AbortSignal`, which costs much more, is
 * made only for a dialer that reads it.
 */
export class Attempt implements DialOptions {
  /** Made when it is first read. */
  declare readonly signal: AbortSignal;

  readonly #followed: AbortSignal | undefined;
  /** Made by a dialer, for as long as it dials. */
  #isDialersOwn = false;
  #isCalledOff = false;
  #isOver = false;
  #reason: unknown;
  #ownerCallOff: (() => void) | null = null;
  #dialerCallOff: (() => void) | null = null;
  #controller: AbortController | null = null;

  /** @param followed calls it off, with its reason; listened to until this is over */
  constructor(followed?: AbortSignal) {
    requireSignal(followed);
    // An own and enumerable property, so that a dialer that copies its options, as in `{ ...options }`, or hides them behind others, has it too.
    Object.defineProperty(this, "signal", { enumerable: true, get: () => this.#madeSignal() });
    this.#followed = followed;
    if (followed?.aborted === true) this.#follow();
    else followed?.addEventListener("abort", this.#follow);
  }

  /**
   * For a dialer, which goes on to `dialing` and `dialed`: the attempt that its options are; else one that follows their
   * signal, also where another dialer is at work for that attempt, as under a dialer that races two.
   * @throws UsmpError INVALID_ARG for what are no options
   */
  static of(options: DialOptions): Attempt {
    const given: unknown = options;
    if (typeof given !== "object" || given === null) refuseArgument("options", given, "an object");
    if (#followed in options && options.#dialerCallOff === null) return options;
    const attempt = new Attempt(hasMember(options, "signal") ? options.signal : undefined);
    attempt.#isDialersOwn = true;
    return attempt;
  }

  get isCalledOff(): boolean {
    return this.#isCalledOff;
  }

  /** Why it was called off; undefined where it was not. */
  get reason(): unknown {
    return this.#reason;
  }

  /** Nothing happens where it was called off before, or is over. The default reason is an `AbortSignal`'s. */
  callOff(reason: unknown = new DOMException("This operation was aborted", "AbortError")): void {
    if (this.#isCalledOff || this.#isOver) return;
    this.#isCalledOff = true;
    this.#reason = reason;
    // Each hears of it, whatever a link of the user's own throws.
    try {
      this.#ownerCallOff?.();
    } finally {
      try {
        this.#dialerCallOff?.();
      } finally {
        this.#controller?.abort(reason);
      }
    }
  }

  /** From now on `callOff` is what ends the owner's part; called at once where it was called off before. Null: nothing. */
  during(callOff: (() => void) | null): void {
    this.#ownerCallOff = callOff;
    if (this.#isCalledOff) callOff?.();
  }

  /** From now on `callOff` is what ends the dialer's part; called at once where it was called off before. */
  dialing(callOff: () => void): void {
    this.#dialerCallOff = callOff;
    if (this.#isCalledOff) callOff();
  }

  /** The dialer has done its part. */
  dialed(): void {
    this.#dialerCallOff = null;
    if (this.#isDialersOwn) this.over();
  }

  /** It has come to its end: it can be called off no more. */
  over(): void {
    this.#isOver = true;
    this.#ownerCallOff = null;
    this.#dialerCallOff = null;
    this.#followed?.removeEventListener("abort", this.#follow);
  }

  readonly #follow = (): void => this.callOff(this.#followed?.reason);

  #madeSignal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#isCalledOff) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }
}

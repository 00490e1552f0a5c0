/** Calls of a transport that a user may have written. Nothing that it throws or leaves out harms its owner. */
import { requireFunctions } from "../core/arguments.js";
import type { Clock, Timer } from "../core/clock.js";
import { isThenable } from "../core/kinds.js";
import { causeText, toUsmpError, type UsmpError } from "../errors.js";
import type { Dialer } from "./transport.js";

/** Runs `step`. Calls `onFailure` with what it throws, or what its promise rejects with. */
export function contain(step: () => unknown, onFailure: (error: UsmpError) => void): void {
  const fail = (cause: unknown): void => onFailure(toUsmpError(cause));
  try {
    const result = step();
    if (isThenable(result)) result.then(() => {}, fail);
  } catch (cause) {
    fail(cause);
  }
}

/** Settles as `step` does (rejections become a UsmpError), or as `onLate` does after `timeoutMs`. */
export function withDeadline<Value>(
  step: () => Value | PromiseLike<Value>,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
  late: { readonly error: () => UsmpError; readonly discard?: (value: Value) => void },
): { readonly done: Promise<Value>; readonly giveUp: (error: UsmpError) => void } {
  let giveUp: (error: UsmpError) => void = () => {};
  const done = new Promise<Value>((resolve, reject) => {
    let timer: Timer | null = null;
    let isOver = false;
    const settle = (outcome: () => void): void => {
      if (isOver) return;
      isOver = true;
      timer?.cancel();
      outcome();
    };
    giveUp = (error) => settle(() => reject(error));
    // Asynchronous, so that an error that `step` throws is a rejection, too.
    void (async () => step())().then(
      (value) =>
        isOver
          ? contain(
              () => late.discard?.(value),
              () => {},
            )
          : settle(() => resolve(value)),
      (cause: unknown) => giveUp(toUsmpError(cause)),
    );
    timer = clock.after(timeoutMs, () => giveUp(late.error()));
  });
  return { done, giveUp };
}

/** @throws UsmpError INVALID_ARG for a value that is not a dialer */
export function requireDialer(value: unknown): void {
  requireFunctions("the transport", value, ["dial"], "one to dial, such as Usmp.TCP(host)");
}

/** @throws UsmpError INVALID_ARG for a value that is not an acceptor */
export function requireAcceptor(value: unknown): void {
  requireFunctions("the transport", value, ["listen"], 'one to listen on, such as Usmp.TCP("0.0.0.0")');
}

/** The target of a dialer, for messages. Never throws, even if `describe` does. */
export function describeDialer(dialer: Dialer): string {
  try {
    return dialer.describe();
  } catch (cause) {
    return `a transport that cannot describe itself (${causeText(cause)})`;
  }
}

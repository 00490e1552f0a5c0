/** What a transport of anybody's making may do, held to what it should do: nothing that it throws, or never says, hurts its owner. */
import { requireFunctions } from "../core/arguments.js";
import type { Clock, Timer } from "../core/clock.js";
import { isThenable } from "../core/kinds.js";
import { causeText, toUsmpError, type UsmpError } from "../errors.js";
import type { Dialer } from "./transport.js";

/** Runs `step`, and passes on what it throws, or what a promise that it gives rejects with. */
export function contain(step: () => unknown, onFailure: (error: UsmpError) => void): void {
  const fail = (cause: unknown): void => onFailure(toUsmpError(cause));
  try {
    const result = step();
    if (isThenable(result)) result.then(() => {}, fail);
  } catch (cause) {
    fail(cause);
  }
}

/** What `step` gives or rejects with (as a UsmpError); what `onLate` gives where it takes longer than `timeoutMs`. */
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
    // Asynchronous, so that what `step` throws at once is a rejection, too.
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

/** Fails for what cannot be dialed. @throws UsmpError INVALID_ARG */
export function requireDialer(value: unknown): void {
  requireFunctions("the transport", value, ["dial"], "one to dial, such as Usmp.TCP(host)");
}

/** Fails for what cannot be listened on. @throws UsmpError INVALID_ARG */
export function requireAcceptor(value: unknown): void {
  requireFunctions("the transport", value, ["listen"], 'one to listen on, such as Usmp.TCP("0.0.0.0")');
}

/** Where a dialer leads, whatever it does when it is asked. */
export function describeDialer(dialer: Dialer): string {
  try {
    return dialer.describe();
  } catch (cause) {
    return `a transport that cannot describe itself (${causeText(cause)})`;
  }
}

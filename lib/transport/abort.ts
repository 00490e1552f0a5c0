/** Helpers for dialers and their callers to react to an AbortSignal. */
import { requireObject, requireSignal } from "../core/arguments.js";
import { hasMember } from "../core/own-members.js";
import type { DialOptions } from "./transport.js";

/** The signal of a dialer's options. @throws UsmpError INVALID_ARG if they are not valid options */
export function signalOf(options: DialOptions): AbortSignal | undefined {
  requireObject("options", options);
  const signal = hasMember(options, "signal") ? options.signal : undefined;
  requireSignal(signal);
  return signal;
}

/**
 * Calls `callback` when `signal` aborts, or at once if it has. The caller removes the listener when its work is done.
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): void {
  if (signal?.aborted === true) callback();
  else signal?.addEventListener("abort", callback);
}

/** Settles as `work` does. Until then an abort calls `giveUp`, which must make `work` settle. */
export function abortable<Value>(
  signal: AbortSignal | undefined,
  work: Promise<Value>,
  giveUp: () => void,
): Promise<Value> {
  onAbort(signal, giveUp);
  return work.finally(() => signal?.removeEventListener("abort", giveUp));
}

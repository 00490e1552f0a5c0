import { EventEmitter } from "eventemitter3";
import { isThenable } from "../core/kinds.js";
import { causeText, isUsmpError, UsmpError } from "../errors.js";
import type { RunningHandlers } from "./running-handlers.js";

/** Event names, and what their listeners get. Every emitter here has "error". */
export interface EventMap {
  error: [error: UsmpError];
}

export type Listener<Args extends unknown[]> = (...args: Args) => unknown;

/**
 * Events whose listeners cannot hurt the sender: what one throws, or rejects with, becomes an "error" event, and the other
 * listeners still run. Where nobody listens for "error" it becomes one process warning.
 *
 * Beside any number of listeners each event has one callback slot, set by the `onX` methods; it runs first.
 */
export abstract class GuardedEmitter<Events extends EventMap & { [Name in keyof Events]: unknown[] }> {
  readonly #emitter = new EventEmitter();
  readonly #callbacks = new Map<keyof Events, () => unknown>();
  /** The guarded form of each listener, so that `off` finds it. */
  readonly #guarded = new WeakMap<object, () => void>();
  #runningHandlers: RunningHandlers | null = null;

  /** Adds a listener. */
  on<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): this {
    this.#emitter.on(event, this.#guard(listener));
    this.listenerAdded(event);
    return this;
  }

  /** Adds a listener that runs at most once. */
  once<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): this {
    this.#emitter.once(event, this.#guard(listener));
    this.listenerAdded(event);
    return this;
  }

  /** Removes a listener. There is no way to remove those of others: the library itself listens, too. */
  off<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): this {
    this.#emitter.off(event, this.#guard(listener));
    return this;
  }

  /** Counts callbacks that give a promise there, as long as they are under way. @internal */
  countHandlersIn(running: RunningHandlers): void {
    this.#runningHandlers = running;
  }

  /** Whether anybody would hear `event`. */
  protected hasListeners(event: keyof Events & string): boolean {
    return this.#callbacks.has(event) || this.#emitter.listenerCount(event) > 0;
  }

  /** Sets the one callback of `event`, in place of the last; null clears it. */
  protected setCallback<Name extends keyof Events & string>(
    event: Name,
    callback: Listener<Events[Name]> | null,
  ): void {
    if (callback === null) {
      this.#callbacks.delete(event);
      return;
    }
    requireFunction(`${event} callback`, callback);
    this.#callbacks.set(event, callback);
    this.listenerAdded(event);
  }

  /** Calls the callback, then the listeners. Never throws. */
  protected dispatch<Name extends keyof Events & string>(event: Name, ...args: Events[Name]): void {
    const callback = this.#callbacks.get(event);
    if (callback !== undefined) this.#run(callback, args);
    this.#emitter.emit(event, ...args);
  }

  /** Says what went wrong outside any call of the user's. */
  protected reportError(error: UsmpError): void {
    if (this.hasListeners("error")) this.dispatch("error", ...([error] as Events["error"]));
    else this.unheard(error);
  }

  /** Takes an error that nobody listens for here. */
  protected unheard(error: UsmpError): void {
    warn(error);
  }

  /** Told when somebody begins to listen. */
  protected listenerAdded(_event: keyof Events & string): void {}

  #guard(listener: Listener<never[]>): () => void {
    requireFunction("listener", listener);
    let guarded = this.#guarded.get(listener);
    if (guarded === undefined) {
      guarded = (...args: unknown[]) => this.#run(listener as () => unknown, args);
      this.#guarded.set(listener, guarded);
    }
    return guarded;
  }

  #run(listener: (...args: unknown[]) => unknown, args: unknown[]): void {
    try {
      const result = listener(...args);
      if (!isThenable(result)) return;
      // What is awaited like a promise need not be one: its own `then` may give nothing back.
      const settled = Promise.resolve(result).then(
        () => {},
        (cause: unknown) => this.#blame(cause, args),
      );
      this.#runningHandlers?.add(settled);
    } catch (cause) {
      this.#blame(cause, args);
    }
  }

  #blame(cause: unknown, args: unknown[]): void {
    const error = new UsmpError("HANDLER", `a callback failed: ${causeText(cause)}`, { cause });
    // An "error" listener that fails must not be told of its own failure for ever.
    const failedOnError = isUsmpError(args[0]) && args[0].code === "HANDLER";
    if (failedOnError) warn(error);
    else this.reportError(error);
  }
}

function requireFunction(what: string, given: unknown): void {
  if (typeof given !== "function") throw new TypeError(`the ${what} is of type ${typeof given}; give a function`);
}

/** Node has a place for what nobody listens to; a browser has none but its console, which is not ours to write to. */
function warn(error: UsmpError): void {
  if (typeof process === "object") process.emitWarning(error);
}

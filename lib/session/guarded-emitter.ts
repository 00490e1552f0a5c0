import { EventEmitter } from "eventemitter3";
import { isThenable } from "../core/kinds.js";
import { causeText, isUsmpError, UsmpError } from "../errors.js";
import { warnProcess } from "./process-warning.js";
import type { RunningHandlers } from "./running-handlers.js";

/** Event names, and the arguments of their listeners. Every emitter here has "error". */
export interface EventMap {
  /** Something failed outside of any call of yours, such as a callback that threw. Where nobody listens, the process gets a warning. */
  error: [error: UsmpError];
}

export type Listener<Args extends unknown[]> = (...args: Args) => unknown;

/** Every event of an emitter, by name. */
export type EventNames<Events> = Readonly<Record<keyof Events & string, true>>;

/** A listener as it is registered: a function for each registration, so that one can be removed. The library's own have no `listener`. */
interface Registered {
  (...args: unknown[]): void;
  listener?: object;
}

/**
 * Events whose listeners cannot hurt the sender: what one throws, or rejects with, becomes an "error" event, and the other
 * listeners still run. Where nobody listens for "error" it becomes one process warning.
 *
 * The methods are those of Node's emitters, for names that exist. Beside any number of listeners each event has one callback
 * slot, set by the `onX` methods, which runs first and is not counted among the listeners.
 */
export abstract class GuardedEmitter<Events extends EventMap & { [Name in keyof Events]: unknown[] }> {
  readonly #emitter = new EventEmitter();
  readonly #callbacks = new Map<keyof Events, () => unknown>();
  readonly #names: EventNames<Events>;
  #runningHandlers: RunningHandlers | null = null;

  constructor(names: EventNames<Events>) {
    this.#names = names;
  }

  /** Adds a listener. @throws UsmpError INVALID_ARG for an event that does not exist, naming those that do. */
  on<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): this {
    return this.#add("on", event, listener);
  }

  /** Adds a listener that runs at most once. @throws UsmpError INVALID_ARG for an event that does not exist. */
  once<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): this {
    return this.#add("once", event, listener);
  }

  /** Removes one registration of a listener, the most recent. Does nothing where there is none, or no such event. */
  off<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): this {
    const last = this.#registered(event).findLast((registered) => registered.listener === listener);
    if (last !== undefined) this.#emitter.off(event, last);
    return this;
  }

  /** As {@link on}. */
  addListener<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): this {
    return this.on(event, listener);
  }

  /** As {@link off}. */
  removeListener<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): this {
    return this.off(event, listener);
  }

  /** Removes the listeners of one event, or of all; the `onX` callbacks stay, and so does what the library itself needs. */
  removeAllListeners(event?: keyof Events & string): this {
    for (const name of event === undefined ? this.eventNames() : [event]) {
      for (const registered of this.#registered(name)) this.#emitter.off(name, registered);
    }
    return this;
  }

  /** How many listeners an event has, without its `onX` callback. */
  listenerCount(event: keyof Events & string): number {
    return this.#registered(event).length;
  }

  /** The events that have listeners. */
  eventNames(): (keyof Events & string)[] {
    const names = this.#emitter.eventNames() as (keyof Events & string)[];
    return names.filter((name) => this.listenerCount(name) > 0);
  }

  /** Listens for the library: neither counted nor removed with the listeners of users. Gives back what ends it. @internal */
  observe<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): () => void {
    const registered = this.#guard(listener);
    this.#emitter.on(event, registered);
    this.listenerAdded(event);
    return () => void this.#emitter.off(event, registered);
  }

  /** Counts callbacks that give a promise there, as long as they are under way. @internal */
  countHandlersIn(running: RunningHandlers): void {
    this.#runningHandlers = running;
  }

  /** Whether anybody would hear `event`, the library included. @internal */
  protected hasListeners(event: keyof Events & string): boolean {
    return this.#callbacks.has(event) || this.#emitter.listenerCount(event) > 0;
  }

  /** Sets the one callback of `event`, in place of the last; null clears it. @internal */
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

  /** Calls the callback, then the listeners. Never throws. @internal */
  protected dispatch<Name extends keyof Events & string>(event: Name, ...args: Events[Name]): void {
    const callback = this.#callbacks.get(event);
    if (callback !== undefined) this.#run(callback, args);
    this.#emitter.emit(event, ...args);
  }

  /** Says what went wrong outside any call of the user's. @internal */
  protected reportError(error: UsmpError): void {
    if (this.hasListeners("error")) this.dispatch("error", ...([error] as Events["error"]));
    else this.unheard(error);
  }

  /** Takes an error that nobody listens for here. @internal */
  protected unheard(error: UsmpError): void {
    warnProcess(error);
  }

  /** Told when somebody begins to listen. @internal */
  protected listenerAdded(_event: keyof Events & string): void {}

  #add(how: "on" | "once", event: keyof Events & string, listener: Listener<never[]>): this {
    if (!Object.hasOwn(this.#names, event)) throw unknownEvent(event, this.#names);
    requireFunction("listener", listener);
    const registered = this.#guard(listener);
    registered.listener = listener;
    this.#emitter[how](event, registered);
    this.listenerAdded(event);
    return this;
  }

  /** What users have registered. */
  #registered(event: string): Registered[] {
    return (this.#emitter.listeners(event) as Registered[]).filter(({ listener }) => listener !== undefined);
  }

  #guard(listener: Listener<never[]>): Registered {
    return (...args) => this.#run(listener as () => unknown, args);
  }

  #run(listener: (...args: unknown[]) => unknown, args: unknown[]): void {
    try {
      const result = listener.apply(this, args);
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
    if (failedOnError) warnProcess(error);
    else this.reportError(error);
  }
}

function unknownEvent(given: unknown, names: object): UsmpError {
  const event = typeof given === "string" ? JSON.stringify(given) : String(given);
  return new UsmpError(
    "INVALID_ARG",
    `there is no event ${event}; the events are ${Object.keys(names).sort().join(", ")}`,
  );
}

function requireFunction(what: string, given: unknown): void {
  if (typeof given !== "function") throw new TypeError(`the ${what} is of type ${typeof given}; give a function`);
}

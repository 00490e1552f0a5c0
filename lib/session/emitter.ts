import { EventEmitter } from "eventemitter3";
import { isThenable } from "../core/kinds.js";
import { causeText, isUsmpError, UsmpError } from "../errors.js";
import type { PollQueue } from "./poll-queue.js";
import { warnProcess } from "./process-warning.js";
import type { RunningHandlers } from "./running-handlers.js";

export type Listener<Args extends unknown[]> = (...args: Args) => unknown;

/** The arguments of each event's listeners, by the event's name. */
type EventArguments<Events> = { [Name in keyof Events]: unknown[] };

/** Every event of an emitter, by name. */
export type EventNames<Events> = Readonly<Record<keyof Events & string, true>>;

interface EmitterOptions<Events> {
  /** Delays `emit` until it is polled. */
  readonly queue?: PollQueue | null | undefined;
  /** Counts listeners that returned a promise until it settles. */
  readonly running?: RunningHandlers | undefined;
  /** Runs when a listener or callback was added. */
  readonly onListener?: ((event: keyof Events & string) => unknown) | undefined;
  /** Takes the error of a listener that failed. Default: {@link Emitter.report}. */
  readonly onFailure?: ((error: UsmpError) => void) | undefined;
  /** Takes a reported error if "error" has no listener. Default: the process gets a warning. */
  readonly onUnheard?: ((error: UsmpError) => void) | undefined;
}

/**
 * A listener as it is registered: one function per registration, so that one registration can be removed. The library's
 * own listeners have no `listener`.
 */
interface Registered {
  (...args: unknown[]): void;
  listener?: object;
}

/**
 * Events whose listeners cannot break the sender: if a listener throws or rejects, the error becomes an "error" event,
 * and the other listeners still run.
 *
 * Each event has one callback slot, for the `onX` methods. The callback runs before the listeners and is not counted
 * among them.
 */
export class Emitter<Events extends EventArguments<Events>> {
  readonly #emitter = new EventEmitter();
  readonly #callbacks = new Map<keyof Events, Registered>();
  readonly #names: EventNames<Events>;
  readonly #options: EmitterOptions<Events>;
  readonly #queue: PollQueue | null;
  #target: object = this;

  constructor(names: EventNames<Events>, options: EmitterOptions<Events> = {}) {
    this.#names = names;
    this.#options = options;
    this.#queue = options.queue ?? null;
  }

  /** Makes `target` the `this` of every listener. */
  bind(target: object): void {
    this.#target = target;
  }

  /**
   * @throws UsmpError INVALID_ARG for an event that does not exist, naming those that do; TypeError if `listener` is
   * not a function.
   */
  add(how: "on" | "once", event: keyof Events & string, listener: Listener<never[]>): void {
    if (!Object.hasOwn(this.#names, event)) throw unknownEvent(event, this.#names);
    requireFunction("listener", listener);
    const registered = this.#guard(listener);
    registered.listener = listener;
    this.#emitter[how](event, registered);
    this.#options.onListener?.(event);
  }

  /** Removes the newest registration of `listener`, if there is one. */
  remove(event: keyof Events & string, listener: Listener<never[]>): void {
    const last = this.#registered(event).findLast((registered) => registered.listener === listener);
    if (last !== undefined) this.#emitter.off(event, last);
  }

  /** Removes the users' listeners of one event, or of all. */
  removeAll(event?: keyof Events & string): void {
    for (const name of event === undefined ? this.names() : [event]) {
      for (const registered of this.#registered(name)) this.#emitter.off(name, registered);
    }
  }

  /** How many listeners users have added. */
  count(event: keyof Events & string): number {
    return this.#registered(event).length;
  }

  /** The events to which users have added listeners. */
  names(): (keyof Events & string)[] {
    const names = this.#emitter.eventNames() as (keyof Events & string)[];
    return names.filter((name) => this.count(name) > 0);
  }

  /**
   * Adds a listener of the library's own, which is neither counted nor removed with the users'. Returns a function that
   * removes it.
   */
  observe<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): () => void {
    const registered = this.#guard(listener);
    this.#emitter.on(event, registered);
    this.#options.onListener?.(event);
    return () => void this.#emitter.off(event, registered);
  }

  /** Sets the one callback of `event`, replacing the last; null clears it. */
  setCallback<Name extends keyof Events & string>(event: Name, callback: Listener<Events[Name]> | null): void {
    if (callback === null) {
      this.#callbacks.delete(event);
      return;
    }
    requireFunction(`${event} callback`, callback);
    this.#callbacks.set(event, this.#guard(callback));
    this.#options.onListener?.(event);
  }

  /** Whether `event` has a callback or a listener, the library's own included. */
  has(event: keyof Events & string): boolean {
    return this.#callbacks.has(event) || this.#emitter.listenerCount(event) > 0;
  }

  /** Runs the callback, then the listeners: at once or, if there is a queue, when the queue is polled. Never throws. */
  emit<Name extends keyof Events & string>(event: Name, ...args: Events[Name]): void {
    if (this.#queue?.mustWait === true) {
      this.#queue.run(() => this.emitNow(event, ...args));
      return;
    }
    this.#callbacks.get(event)?.(...args);
    this.#emitter.emit(event, ...args);
  }

  /** As `emit`, ahead of the queue: for events that have waited elsewhere. */
  emitNow<Name extends keyof Events & string>(event: Name, ...args: Events[Name]): void {
    this.#callbacks.get(event)?.(...args);
    this.#emitter.emit(event, ...args);
  }

  /** Emits "error". If "error" has no listener, calls `onUnheard` or warns the process. */
  report(error: UsmpError): void {
    const event = "error" as keyof Events & string;
    if (this.has(event)) this.emit(event, ...([error] as unknown[] as Events[typeof event]));
    else if (this.#options.onUnheard === undefined) warnProcess(error);
    else this.#options.onUnheard(error);
  }

  /** The users' registrations. */
  #registered(event: string): Registered[] {
    return (this.#emitter.listeners(event) as Registered[]).filter(({ listener }) => listener !== undefined);
  }

  #guard(listener: Listener<never[]>): Registered {
    return (...args) => {
      try {
        const result: unknown = listener.apply(this.#target, args as never[]);
        if (isThenable(result)) this.#wait(result, args);
      } catch (cause) {
        this.#blame(cause, args);
      }
    };
  }

  #wait(result: PromiseLike<unknown>, args: unknown[]): void {
    // A thenable need not be a promise: its own `then` may return nothing.
    const settled = Promise.resolve(result).then(
      () => {},
      (cause: unknown) => this.#blame(cause, args),
    );
    this.#options.running?.add(settled);
  }

  #blame(cause: unknown, args: unknown[]): void {
    const error = new UsmpError("HANDLER", `a callback failed: ${causeText(cause)}`, { cause });
    // An "error" listener that fails must not get its own failure again and again.
    const failedOnError = isUsmpError(args[0]) && args[0].code === "HANDLER";
    if (failedOnError) warnProcess(error);
    else if (this.#options.onFailure === undefined) this.report(error);
    else this.#options.onFailure(error);
  }
}

let emitterIn: (subscribable: object) => unknown;

/** The listener methods of Node's emitters, for names that exist. */
export abstract class Subscribable<Events extends EventArguments<Events>> {
  readonly #emitter: Emitter<Events>;

  static {
    emitterIn = (subscribable) => (subscribable as Subscribable<{ error: [error: UsmpError] }>).#emitter;
  }

  /** @internal */
  constructor(emitter: Emitter<Events>) {
    this.#emitter = emitter;
    emitter.bind(this);
  }

  /** Adds a listener. @throws UsmpError INVALID_ARG for an event that does not exist, naming those that do. */
  on<Name extends keyof Events & string>(event: Name, listener: (...args: Events[Name]) => unknown): this {
    this.#emitter.add("on", event, listener);
    return this;
  }

  /** Adds a listener that runs at most once. @throws UsmpError INVALID_ARG for an event that does not exist. */
  once<Name extends keyof Events & string>(event: Name, listener: (...args: Events[Name]) => unknown): this {
    this.#emitter.add("once", event, listener);
    return this;
  }

  /** Removes the newest registration of a listener. Does nothing if there is none, or no such event. */
  off<Name extends keyof Events & string>(event: Name, listener: (...args: Events[Name]) => unknown): this {
    this.#emitter.remove(event, listener);
    return this;
  }

  /** As {@link on}. */
  addListener<Name extends keyof Events & string>(event: Name, listener: (...args: Events[Name]) => unknown): this {
    return this.on(event, listener);
  }

  /** As {@link off}. */
  removeListener<Name extends keyof Events & string>(event: Name, listener: (...args: Events[Name]) => unknown): this {
    return this.off(event, listener);
  }

  /** Removes the users' listeners of one event, or of all. The `onX` callbacks and the library's own listeners stay. */
  removeAllListeners(event?: keyof Events & string): this {
    this.#emitter.removeAll(event);
    return this;
  }

  /** How many listeners an event has, without its `onX` callback. */
  listenerCount(event: keyof Events & string): number {
    return this.#emitter.count(event);
  }

  /** The events that have listeners. */
  eventNames(): (keyof Events & string)[] {
    return this.#emitter.names();
  }
}

/** The emitter behind `subscribable`, for the library's own listeners, which users neither count nor remove. */
export function emitterOf<Events extends EventArguments<Events>>(subscribable: Subscribable<Events>): Emitter<Events> {
  return emitterIn(subscribable) as Emitter<Events>;
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

/** Why a life of a sketch began. */
export type WakeCause = "power" | "restart" | "timer" | "pin";

/** What ends a deep sleep, whichever comes first; nothing at all: only the power switch. */
export interface WakeUp {
  readonly afterUs?: number;
  readonly pin?: { readonly number: number; readonly level: 0 | 1 };
}

/** What a sketch may ask of its own life: to begin anew, now or after a sleep. */
export type LifeRequest = { readonly kind: "restart" } | { readonly kind: "deep-sleep"; readonly wakeUp: WakeUp };

/** Something open that ends with a life: a session, a socket. */
export interface BootResource {
  /** The life was cut: ends at once, and says nothing to anybody, as a board that lost its power. */
  drop(): void;
  /** The sketch is stopped in good order: says goodbye, within a bounded time. Does not reject. */
  close(): Promise<void>;
}

/** What runs on a board between a boot and the next. */
export interface BootCycle {
  /** Nothing that this life still does counts any more. */
  readonly over: boolean;
  /** Resolves after `delayMs`; never, where the life is over by then. `what` names it in messages: `delay(500)`. */
  delay(delayMs: number, what: string): Promise<void>;
  /** `wait`, as something that the sketch has to await before it goes on. Never settles where the life is over by then. */
  waitFor<T>(wait: Promise<T>, what: string): Promise<T>;
  /** Runs a callback of the sketch, which cannot wait; `where` names it in messages: `onMessage callback`. */
  call<T>(where: string, callback: () => T): T;
  /** Runs an interrupt handler as code of the sketch. */
  interrupt(pin: number, handler: () => void): void;
  /** Ends this life at once: does not return. */
  end(request: LifeRequest): never;
  /** Ends the sketch with a `SketchError` that says where (`onMessage callback`) and why. */
  fail(where: string, cause: unknown): void;
  /**
   * The sketch has run for `limitMs` of CPU time without a wait, and what is on the stack will be ended right after this call;
   * `site`: the sketch's line. It fails in the next turn of the event loop.
   */
  halt(limitMs: number, site: string | null): void;
  /** What is still owned when the life ends, ends with it. Returns what ends that ownership. */
  own(resource: BootResource): () => void;
  /** Starts the next turn of `loop` early, where the sketch is between two of them. */
  hurry(): void;
}

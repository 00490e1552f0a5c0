/** Why a life of a sketch began. */
export type WakeCause = "power" | "restart" | "timer" | "pin";

/** What ends a deep sleep, whichever comes first. If empty, only the power switch does. */
export interface WakeUp {
  readonly afterUs?: number;
  readonly pin?: { readonly number: number; readonly level: 0 | 1 };
}

/** How a sketch can end its own life: by a restart, or by a sleep. */
export type LifeRequest = { readonly kind: "restart" } | { readonly kind: "deep-sleep"; readonly wakeUp: WakeUp };

/** Something open that ends with a life, such as a session or a socket. */
export interface BootResource {
  /** The life was cut off: ends at once and silently, as on a board that lost its power. */
  drop(): void;
  /** The sketch stops in an orderly way: says goodbye, within a bounded time. Does not reject. */
  close(): Promise<void>;
}

/** One life of a sketch: from a boot to the next. */
export interface BootCycle {
  /** Whether this life is over: its code no longer has an effect. */
  readonly over: boolean;
  /** Resolves after `delayMs`; never if the life is over by then. `what` names the wait in messages: `delay(500)`. */
  delay(delayMs: number, what: string): Promise<void>;
  /** `wait`, as one that the sketch has to await before its next call. Never settles if the life is over by then. */
  waitFor<T>(wait: Promise<T>, what: string): Promise<T>;
  /** Runs a callback of the sketch, which cannot wait. `where` names it in messages: `onMessage callback`. */
  call<T>(where: string, callback: () => T): T;
  /** Runs an interrupt handler as code of the sketch. */
  interrupt(pin: number, handler: () => void): void;
  /** Ends this life at once. Does not return. */
  end(request: LifeRequest): never;
  /** Ends the sketch with a `SketchError` that names the place (`onMessage callback`) and the cause. */
  fail(where: string, cause: unknown): void;
  /**
   * The sketch has used `limitMs` of CPU time without a wait, and the watchdog ends the code on the stack right after
   * this call. `site` is the sketch's line. The sketch fails in the next turn of the event loop.
   */
  halt(limitMs: number, site: string | null): void;
  /** Ends `resource` with the life, unless the returned function is called before. */
  own(resource: BootResource): () => void;
  /** Starts the next turn of `loop` early, if the sketch is between two of them. */
  hurry(): void;
}

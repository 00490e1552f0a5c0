import { GuardedEmitter, type EventMap, type EventNames } from "./guarded-emitter.js";

/** Enough for a sketch that polls rarely. Messages are not among them: they wait in their inbox, which is bounded. */
const MAX_WAITING = 1_024;

/**
 * Events that wait, in order, until `runWaiting` where they are polled for; else they run at once. What a callback brings
 * about while it is polled for runs in the same poll, behind what waits already. Where nobody ever polls the oldest are
 * forgotten.
 */
export abstract class PolledEmitter<
  Events extends EventMap & { [Name in keyof Events]: unknown[] },
> extends GuardedEmitter<Events> {
  /** Whether callbacks wait to be polled for. @internal */
  protected readonly polled: boolean;
  readonly #waiting: (() => void)[] = [];
  #running = false;

  constructor(names: EventNames<Events>, polled: boolean) {
    super(names);
    this.polled = polled;
  }

  /** Whether callbacks may run now: not polled for, or polled for right now. @internal */
  protected get runsAtOnce(): boolean {
    return !this.polled || this.#running;
  }

  /** Runs what waits, then `andThen`, until nothing waits. Within itself a no-op: a callback may poll, too. @internal */
  protected runWaiting(andThen: () => void): void {
    if (this.#running || !this.polled) return;
    this.#running = true;
    try {
      do {
        for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift()) call();
        andThen();
      } while (this.#waiting.length > 0);
    } finally {
      this.#running = false;
    }
  }

  /** Runs `call` now, or, in its turn, when it is polled for. @internal */
  protected runOrWait(call: () => void): void {
    // Within a poll too, but never ahead of what waits already.
    if (this.runsAtOnce && this.#waiting.length === 0) {
      call();
      return;
    }
    this.#waiting.push(call);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
  }

  /** Calls the callback and the listeners now: for what has waited elsewhere. @internal */
  protected dispatchNow<Name extends keyof Events & string>(event: Name, ...args: Events[Name]): void {
    super.dispatch(event, ...args);
  }

  /** @internal */
  protected override dispatch<Name extends keyof Events & string>(event: Name, ...args: Events[Name]): void {
    this.runOrWait(() => this.dispatchNow(event, ...args));
  }
}

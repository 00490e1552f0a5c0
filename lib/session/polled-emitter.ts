import { GuardedEmitter, type EventMap } from "./guarded-emitter.js";

/** Enough for a sketch that polls rarely. Messages are not among them: they wait in their inbox, which is bounded. */
const MOST_WAITING = 1_024;

/**
 * Events that wait, in order, until `runWaiting` where they are polled for; else they run at once. Where nobody ever polls
 * the oldest are forgotten.
 */
export abstract class PolledEmitter<
  Events extends EventMap & { [Name in keyof Events]: unknown[] },
> extends GuardedEmitter<Events> {
  readonly #polled: boolean;
  #waiting: (() => void)[] = [];
  #running = false;

  constructor(polled: boolean) {
    super();
    this.#polled = polled;
  }

  /** Whether events run as they come: not polled for, or polled for right now. */
  protected get runsAtOnce(): boolean {
    return !this.#polled || this.#running;
  }

  /** Runs what waits, then `andThen`. Within itself a no-op: a callback may poll, too. */
  protected runWaiting(andThen: () => void): void {
    if (this.#running || !this.#polled) return;
    this.#running = true;
    for (const call of this.#waiting.splice(0)) call();
    andThen();
    this.#running = false;
  }

  /** Runs `call` now, or when it is polled for. */
  protected runOrWait(call: () => void): void {
    if (this.runsAtOnce) {
      call();
      return;
    }
    this.#waiting.push(call);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
  }

  protected override dispatch<Name extends keyof Events & string>(event: Name, ...args: Events[Name]): void {
    this.runOrWait(() => super.dispatch(event, ...args));
  }
}

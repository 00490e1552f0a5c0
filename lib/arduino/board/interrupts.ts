import type { Level, Pins } from "./pins.js";

export type Edge = "rising" | "falling" | "change";

interface Attached {
  readonly edge: Edge;
  readonly handler: () => void;
  /** Whether it occurred while interrupts were off. Hardware has one bit for it, so it counts once. */
  pending: boolean;
}

/** Runs an interrupt handler as code of the sketch. */
type InterruptRunner = (pin: number, handler: () => void) => void;

/**
 * Interrupts on pins. A handler runs as soon as its pin changes: while the sketch waits, or within the sketch's own
 * call that changed the pin. It never runs within a computation.
 */
export class Interrupts {
  readonly #pins: Pins;
  readonly #run: InterruptRunner;
  readonly #attached = new Map<number, Attached>();
  #on = true;

  constructor(pins: Pins, run: InterruptRunner) {
    this.#pins = pins;
    this.#run = run;
    pins.watch({ onLevel: (pin, level) => this.#levelChanged(pin, level) });
  }

  /** Detaches all handlers, as a reset does. */
  reset(): void {
    this.#attached.clear();
    this.#on = true;
  }

  /** Replaces the handler of this pin. @throws RangeError for a pin that does not exist */
  attach(pin: number, edge: Edge, handler: () => void): void {
    this.#pins.read(pin);
    this.#attached.set(pin, { edge, handler, pending: false });
  }

  detach(pin: number): void {
    this.#attached.delete(pin);
  }

  /** Delays handlers from now on, each for at most one run. */
  disable(): void {
    this.#on = false;
  }

  /** Runs the delayed handlers, in the order of pins. */
  enable(): void {
    this.#on = true;
    const waiting = [...this.#attached].filter(([, { pending }]) => pending).sort(([a], [b]) => a - b);
    for (const [pin, attached] of waiting) {
      attached.pending = false;
      this.#run(pin, attached.handler);
    }
  }

  #levelChanged(pin: number, level: Level): void {
    const attached = this.#attached.get(pin);
    if (attached === undefined || (attached.edge === "rising" && level === 0)) return;
    if (attached.edge === "falling" && level === 1) return;
    if (this.#on) this.#run(pin, attached.handler);
    else attached.pending = true;
  }
}

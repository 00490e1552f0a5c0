import type { Level, Pins } from "./pins.js";

export type Edge = "rising" | "falling" | "change";

interface Attached {
  readonly edge: Edge;
  readonly handler: () => void;
  /** It came up while interrupts were off: once, as hardware has one bit for it. */
  pending: boolean;
}

/** Runs an interrupt handler as code of the sketch. */
export type InterruptRunner = (pin: number, handler: () => void) => void;

/**
 * Interrupts on pins. A handler runs as soon as its pin changes, which on this board is between two waits of the sketch, or
 * within the sketch's own call that changed the pin: never in the middle of a computation.
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

  /** As after a reset: none is attached. */
  reset(): void {
    this.#attached.clear();
    this.#on = true;
  }

  /** Replaces what was attached to this pin. @throws RangeError for a pin that does not exist */
  attach(pin: number, edge: Edge, handler: () => void): void {
    this.#pins.read(pin);
    this.#attached.set(pin, { edge, handler, pending: false });
  }

  detach(pin: number): void {
    this.#attached.delete(pin);
  }

  /** Handlers wait from now on, each for at most one run. */
  disable(): void {
    this.#on = false;
  }

  /** Runs what waited, in the order of pins. */
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

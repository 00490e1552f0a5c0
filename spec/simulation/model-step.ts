import type fc from "fast-check";

/** A command for fast-check's model runs that says what it does, as a function of two arguments. */
export class Step<Model extends object, Real> implements fc.Command<Model, Real> {
  readonly #label: string;
  readonly #run: (model: Model, real: Real) => void;
  readonly #check: (model: Model) => boolean;

  constructor(label: string, run: (model: Model, real: Real) => void, check: (model: Model) => boolean = () => true) {
    this.#label = label;
    this.#run = run;
    this.#check = check;
  }

  check(model: Readonly<Model>): boolean {
    return this.#check(model);
  }

  run(model: Model, real: Real): void {
    this.#run(model, real);
  }

  toString(): string {
    return this.#label;
  }
}

/** Message lengths at which something changes: empty, one frame, two, four, and what does not fit (§4). */
export const LENGTHS = [0, 1, 31, 452, 453, 904, 905, 1808, 1809];
export const MAX_LENGTH = 1808;

/** More PINGs and REKEYs than this, arriving at once, would be a flood. */
export const MAX_CONTROLS = 20;

/** What a device and a gateway do by default. */
export const KEEPALIVE = {
  device: { pingAfterTxIdleMs: 30_000, pingAfterRxIdleMs: 30_000, pongTimeoutMs: 30_000, idleTimeoutMs: 0 },
  gateway: { pingAfterTxIdleMs: 0, pingAfterRxIdleMs: 30_000, pongTimeoutMs: 0, idleTimeoutMs: 60_000 },
} as const;

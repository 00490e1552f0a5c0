import type { Clock, Timer } from "../../core/clock.js";
import type { Pins } from "./pins.js";

/** Square waves on pins. The value that drives the pin is the frequency in hertz. */
export class Tones {
  readonly #clock: Clock;
  readonly #pins: Pins;
  readonly #ends = new Map<number, Timer>();

  constructor(clock: Clock, pins: Pins) {
    this.#clock = clock;
    this.#pins = pins;
  }

  /** Plays until `stop`, or for `durationMs` if that is not 0. */
  play(pin: number, frequencyHz: number, durationMs: number): void {
    this.#pins.setMode(pin, "output");
    this.#pins.write(pin, frequencyHz);
    this.#ends.get(pin)?.cancel();
    if (durationMs > 0)
      this.#ends.set(
        pin,
        this.#clock.after(durationMs, () => this.stop(pin)),
      );
  }

  stop(pin: number): void {
    this.#ends.get(pin)?.cancel();
    this.#pins.write(pin, 0);
  }

  /** Stops all waves, as a reset does. */
  reset(): void {
    for (const end of this.#ends.values()) end.cancel();
    this.#ends.clear();
  }
}

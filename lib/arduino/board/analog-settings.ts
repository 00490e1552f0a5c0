const DEFAULT_DUTY_BITS = 8;

/** The bits of readings and duty cycles, as set by `analogReadResolution` and `analogWriteResolution`. */
export class AnalogSettings {
  readBits: number;
  writeBits = DEFAULT_DUTY_BITS;
  /** Pins with a PWM channel of their own, and the bits of its duty cycle. */
  readonly ledcBits = new Map<number, number>();
  readonly #defaultReadBits: number;

  /** `readBits`: the bits of the board's converter. */
  constructor(readBits: number) {
    this.#defaultReadBits = readBits;
    this.readBits = readBits;
  }

  reset(): void {
    this.readBits = this.#defaultReadBits;
    this.writeBits = DEFAULT_DUTY_BITS;
    this.ledcBits.clear();
  }
}

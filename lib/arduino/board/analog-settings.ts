const DEFAULT_DUTY_BITS = 8;

/** How wide readings and duties are: what a sketch sets with `analogReadResolution` and its like. */
export class AnalogSettings {
  readBits: number;
  writeBits = DEFAULT_DUTY_BITS;
  /** Pins with a PWM channel of their own, and how many bits its duty has. */
  readonly ledcBits = new Map<number, number>();
  readonly #defaultReadBits: number;

  /** `readBits`: what the board's own readings have. */
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

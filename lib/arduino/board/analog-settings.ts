const DEFAULT_READ_BITS = 12;
const DEFAULT_DUTY_BITS = 8;

/** How wide readings and duties are: what a sketch sets with `analogReadResolution` and its like. */
export class AnalogSettings {
  readBits = DEFAULT_READ_BITS;
  writeBits = DEFAULT_DUTY_BITS;
  /** Pins with a PWM channel of their own, and how many bits its duty has. */
  readonly ledcBits = new Map<number, number>();

  reset(): void {
    this.readBits = DEFAULT_READ_BITS;
    this.writeBits = DEFAULT_DUTY_BITS;
    this.ledcBits.clear();
  }
}

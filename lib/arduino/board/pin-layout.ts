/** Which pins a board has, and what they can do. */
export interface PinLayout {
  /** For messages: `"ESP32-C3"`. */
  readonly board: string;
  /** Every pin that a sketch may use. */
  readonly pins: readonly number[];
  /** Pins that have no output stage. */
  readonly inputOnly: readonly number[];
  /** Pins that `analogRead` can measure. */
  readonly analog: readonly number[];
  /** Pins that lead to the flash chip. A board stops if its sketch uses them. */
  readonly flash: readonly number[];
  /** Default bits of a reading. */
  readonly analogBits: number;
  /** The names of pins in the board's core: `LED_BUILTIN`, `A0`, `SDA`. */
  readonly names: Readonly<Record<string, number>>;
}

/** Which pins a board has, and what they can do. */
export interface PinLayout {
  /** For messages: `"ESP32-C3"`. */
  readonly board: string;
  /** Every pin that a sketch may use. */
  readonly pins: readonly number[];
  /** Those among them that have no output stage. */
  readonly inputOnly: readonly number[];
  /** Those among them that `analogRead` can measure. */
  readonly analog: readonly number[];
  /** Pins that lead to the flash chip: a board that touches them stops. */
  readonly flash: readonly number[];
  /** Bits of a reading, until `analogReadResolution` asks for others. */
  readonly analogBits: number;
  /** What the core of this board calls its pins: `LED_BUILTIN`, `A0`, `SDA`. */
  readonly names: Readonly<Record<string, number>>;
}

/** Which pins a board has: those of an ESP32, unless told otherwise. */
export interface PinLayout {
  /** Every pin there is. */
  readonly pins: readonly number[];
  /** Those among them that have no output stage. */
  readonly inputOnly: readonly number[];
  /** Those among them that `analogRead` can measure. */
  readonly analog: readonly number[];
}

/** The ESP32's pins that are led out; 6 to 11 are, too, but its flash chip hangs on them. */
export const ESP32_PINS: PinLayout = {
  pins: [0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39],
  inputOnly: [34, 35, 36, 37, 38, 39],
  analog: [0, 2, 4, 12, 13, 14, 15, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39],
};

/**
 * The pins of boards. Sources:
 *
 * - Pins of a chip, and those without an output stage: `SOC_GPIO_VALID_GPIO_MASK` and `SOC_GPIO_VALID_OUTPUT_GPIO_MASK`
 *   in `components/soc/<chip>/include/soc/soc_caps.h` of espressif/esp-idf.
 * - Pins that can measure, and those that lead to the flash chip: `docs/en/api-reference/peripherals/gpio` there.
 * - Names: `variants/<chip>/pins_arduino.h` of espressif/arduino-esp32, from release 1.0 on.
 * - Bits of a reading: `cores/esp32/esp32-hal-adc.c` there.
 * - ESP8266: `variants/nodemcu/pins_arduino.h`, `variants/generic/common.h` and
 *   `cores/esp8266/core_esp8266_wiring_analog.cpp` of esp8266/Arduino.
 */
import type { PinLayout } from "./pin-layout.js";

/** `from` to `to`, both included. */
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** The original ESP32, on most boards a WROOM or WROVER module. The default of every board. */
export const ESP32_PINS = {
  board: "ESP32",
  pins: [...range(0, 5), ...range(12, 19), ...range(21, 23), ...range(25, 27), ...range(32, 39)],
  inputOnly: range(34, 39),
  analog: [0, 2, 4, 12, 13, 14, 15, 25, 26, 27, ...range(32, 39)],
  flash: range(6, 11),
  analogBits: 12,
  names: {
    // "ESP32 Dev Module" names no LED. Boards that name one have it on this pin.
    LED_BUILTIN: 2,
    ...{ TX: 1, RX: 3, SDA: 21, SCL: 22, SS: 5, MOSI: 23, MISO: 19, SCK: 18, DAC1: 25, DAC2: 26 },
    ...{ A0: 36, A3: 39, A4: 32, A5: 33, A6: 34, A7: 35, A10: 4, A11: 0, A12: 2, A13: 15, A14: 13, A15: 12 },
    ...{ A16: 14, A17: 27, A18: 25, A19: 26 },
  },
} as const satisfies PinLayout;

/** `A0` to `A19` of an S2 and an S3: GPIO 1 to 20. */
const A0_TO_A19 = {
  ...{ A0: 1, A1: 2, A2: 3, A3: 4, A4: 5, A5: 6, A6: 7, A7: 8, A8: 9, A9: 10 },
  ...{ A10: 11, A11: 12, A12: 13, A13: 14, A14: 15, A15: 16, A16: 17, A17: 18, A18: 19, A19: 20 },
} as const;

/** LED_BUILTIN of boards with an RGB LED: its pin plus an offset, from which the core recognises the RGB LED. */
const S2_LED = 47 + 18;
const S3_LED = 49 + 48;
const C3_LED = 22 + 8;
const C6_LED = 31 + 8;

/** ESP32-S2: `Saola-1`, `DevKitM-1`. */
export const ESP32_S2_PINS = {
  board: "ESP32-S2",
  pins: [...range(0, 21), ...range(33, 46), S2_LED],
  inputOnly: [46],
  analog: range(1, 20),
  flash: range(26, 32),
  analogBits: 13,
  names: {
    LED_BUILTIN: S2_LED,
    ...{ TX: 43, RX: 44, SDA: 8, SCL: 9, SS: 34, MOSI: 35, MISO: 37, SCK: 36, DAC1: 17, DAC2: 18 },
    ...A0_TO_A19,
  },
} as const satisfies PinLayout;

/** ESP32-S3: `DevKitC-1`. With octal flash or PSRAM (modules named R8), 33 to 37 are in use as well. */
export const ESP32_S3_PINS = {
  board: "ESP32-S3",
  pins: [...range(0, 21), ...range(33, 48), S3_LED],
  inputOnly: [],
  analog: range(1, 20),
  flash: range(26, 32),
  analogBits: 12,
  names: {
    LED_BUILTIN: S3_LED,
    ...{ TX: 43, RX: 44, SDA: 8, SCL: 9, SS: 10, MOSI: 11, MISO: 13, SCK: 12 },
    ...A0_TO_A19,
  },
} as const satisfies PinLayout;

/** ESP32-C3: `DevKitM-1`, `DevKitC-02`. Its button BOOT is at 9. */
export const ESP32_C3_PINS = {
  board: "ESP32-C3",
  pins: [...range(0, 10), ...range(18, 21), C3_LED],
  inputOnly: [],
  analog: range(0, 5),
  // 11 supplies the flash chip.
  flash: range(11, 17),
  analogBits: 12,
  names: {
    LED_BUILTIN: C3_LED,
    ...{ TX: 21, RX: 20, SDA: 8, SCL: 9, SS: 7, MOSI: 6, MISO: 5, SCK: 4 },
    ...{ A0: 0, A1: 1, A2: 2, A3: 3, A4: 4, A5: 5 },
  },
} as const satisfies PinLayout;

/** ESP32-C6: `DevKitC-1`, `DevKitM-1`. Its button BOOT is at 9. */
export const ESP32_C6_PINS = {
  board: "ESP32-C6",
  pins: [...range(0, 23), C6_LED],
  inputOnly: [],
  analog: range(0, 6),
  flash: range(24, 30),
  analogBits: 12,
  names: {
    LED_BUILTIN: C6_LED,
    ...{ TX: 16, RX: 17, SDA: 23, SCL: 22, SS: 18, MOSI: 19, MISO: 20, SCK: 21 },
    ...{ A0: 0, A1: 1, A2: 2, A3: 3, A4: 4, A5: 5, A6: 6 },
  },
} as const satisfies PinLayout;

/**
 * ESP8266: `NodeMCU`, `D1 mini`, whose pins have names: `D1` is GPIO 5. 17 is the converter's own pin. It can only
 * measure.
 */
export const ESP8266_PINS = {
  board: "ESP8266",
  pins: [...range(0, 5), ...range(12, 17)],
  inputOnly: [17],
  analog: [17],
  flash: range(6, 11),
  analogBits: 10,
  names: {
    LED_BUILTIN: 2,
    ...{ SDA: 4, SCL: 5, SS: 15, MOSI: 13, MISO: 12, SCK: 14, A0: 17 },
    ...{ D0: 16, D1: 5, D2: 4, D3: 0, D4: 2, D5: 14, D6: 12, D7: 13, D8: 15, D9: 3, D10: 1 },
  },
} as const satisfies PinLayout;

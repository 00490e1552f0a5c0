/** The numbers that boards have for levels, modes and pins: those of an ESP32. */

export const LOW = 0;
export const HIGH = 1;

export const INPUT = 0x01;
export const OUTPUT = 0x03;
export const INPUT_PULLUP = 0x05;
export const INPUT_PULLDOWN = 0x09;
export const OUTPUT_OPEN_DRAIN = 0x13;

/** The LED of most ESP32 boards. */
export const LED_BUILTIN = 2;

/** The numbers that boards have for levels, modes and pins: those of an ESP32. */

export const LOW = 0;
export const HIGH = 1;

export const INPUT = 0x01;
export const OUTPUT = 0x03;
export const INPUT_PULLUP = 0x05;
export const INPUT_PULLDOWN = 0x09;
export const OUTPUT_OPEN_DRAIN = 0x13;

export const RISING = 1;
export const FALLING = 2;
export const CHANGE = 3;

export const LSBFIRST = 0;
export const MSBFIRST = 1;

/** The LED of most ESP32 boards. */
export const LED_BUILTIN = 2;

export const A0 = 36;
export const A3 = 39;
export const A4 = 32;
export const A5 = 33;
export const A6 = 34;
export const A7 = 35;
export const A10 = 4;
export const A11 = 0;
export const A12 = 2;
export const A13 = 15;
export const A14 = 13;
export const A15 = 12;
export const A16 = 14;
export const A17 = 27;
export const A18 = 25;
export const A19 = 26;

export const PI = Math.PI;
export const HALF_PI = Math.PI / 2;
export const TWO_PI = Math.PI * 2;
export const DEG_TO_RAD = Math.PI / 180;
export const RAD_TO_DEG = 180 / Math.PI;

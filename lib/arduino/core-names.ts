/** Names that a sketch imports: text, numbers with a width, serial ports, flash, WiFi and the chip. */
import type { NumberBase as Base } from "./text/number-base.js";
import type { HardwareSerial as SerialClass } from "./serial/hardware-serial.js";
import type { Fields as StructFields, Struct as StructClass } from "./values/struct.js";

export type { Stringable, TextLike } from "./text/arduino-string.js";
export { F, PSTR, String, type StringConstructor } from "./text/string.js";
export { BIN, DEC, HEX, OCT } from "./text/number-base.js";
export {
  char,
  isAlpha,
  isAlphaNumeric,
  isAscii,
  isControl,
  isDigit,
  isGraph,
  isHexadecimalDigit,
  isLowerCase,
  isPrintable,
  isPunct,
  isSpace,
  isUpperCase,
  isWhitespace,
  tolower,
  toupper,
  type Char,
} from "./text/characters.js";
export { charArray, type CharArray } from "./text/char-array.js";
export * from "./text/c-strings.js";
export type { PrintfArgument } from "./text/printf.js";
export { Print } from "./text/print.js";
export type { Printable, Printed } from "./text/printed.js";

export * from "./values/fixed-width.js";
export { struct, type Fields, type FieldType, type StructValue } from "./values/struct.js";

export { SERIAL_8N1, Serial, Serial1 } from "./serial/hardware-serial.js";
export { EEPROM, EEPROMClass } from "./storage/eeprom.js";
export { Preferences } from "./storage/preferences.js";
export { IPAddress } from "./wifi/ip-address.js";
export * from "./wifi/wifi.js";
export * from "./esp/esp.js";
export * from "./esp/sleep.js";

// Types only: a sketch cannot construct these, so there is no value to import.
/** The type of `HEX`, `OCT` and `BIN`. */
export type NumberBase = Base;
/** The type of `Serial` and `Serial1`. */
export type HardwareSerial = SerialClass;
/** The type that `struct()` returns. */
export type Struct<Members extends StructFields> = StructClass<Members>;

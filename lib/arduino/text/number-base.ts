/**
 * The base of a printed number: `Serial.print(255, HEX)`. It is a type of its own because on a board the type of the
 * first argument decides what a number after it means: `print(t, 2)` of a float prints two decimals, of an int base 2.
 * Here a plain number means decimals, because a whole number may be a float without a fraction. Only 16 after a whole
 * number means HEX.
 */
export class NumberBase {
  constructor(
    readonly radix: 2 | 8 | 10 | 16,
    readonly name: string,
  ) {}

  toString(): string {
    return this.name;
  }
}

/** Decimal: `Serial.print(n, DEC)`. */
export const DEC = new NumberBase(10, "DEC");
/** Hexadecimal: `Serial.print(255, HEX)` is "FF". */
export const HEX = new NumberBase(16, "HEX");
/** Octal: `Serial.print(8, OCT)` is "10". */
export const OCT = new NumberBase(8, "OCT");
/** Binary: `Serial.print(5, BIN)` is "101". */
export const BIN = new NumberBase(2, "BIN");

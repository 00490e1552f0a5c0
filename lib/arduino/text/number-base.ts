/**
 * How a number is written: `Serial.print(255, HEX)`. A value of its own and no number, because on a board the type of the
 * first argument tells what a number behind it means: `print(t, 2)` of a float is two decimals, of an int it is base 2.
 * Here a plain number means decimals, since a whole number may be a float that just has no fraction; 16 behind a whole
 * number alone is HEX.
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

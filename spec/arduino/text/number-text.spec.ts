import { expect } from "chai";

import { BIN, DEC, HEX, OCT, type NumberBase } from "../../../lib/arduino/text/number-base.js";
import { dtostrfText, numberText, printedNumber } from "../../../lib/arduino/text/number-text.js";

type Case = readonly [value: number | bigint, format: NumberBase | number | undefined, expected: string];

/** By the steps of printNumber and printFloat in the core's Print.cpp. */
const PRINTED: readonly Case[] = [
  [0, undefined, "0"],
  [-42, undefined, "-42"],
  [4294967295, DEC, "4294967295"],
  [255, HEX, "FF"],
  [-1, HEX, "FFFFFFFF"],
  [-(2 ** 31), HEX, "80000000"],
  [-(2 ** 31) - 1, HEX, "FFFFFFFF7FFFFFFF"],
  [-1n, HEX, "FFFFFFFF"],
  [8, OCT, "10"],
  [5, BIN, "101"],
  [3.7, HEX, "3"],
  [255, 16, "FF"],
  [255n, 16, "FF"],
  [-1, 16, "FFFFFFFF"],
  [0.5, 16, "0.5000000000000000"],
  [21, 2, "21.00"],
  [21, 8, "21.00000000"],
  [21, 10, "21.0000000000"],
  [18446744073709551615n, undefined, "18446744073709551615"],
  [1e21, undefined, "1000000000000000000000"],
  [3.14159, undefined, "3.14"],
  [3.14159, 4, "3.1416"],
  [3.14159, 0, "3"],
  [-0.5, 0, "-1"],
  [25, 2, "25.00"],
  [1.999, 2, "2.00"],
  [-1.999, 2, "-2.00"],
  [0.005, 2, "0.01"],
  [NaN, undefined, "nan"],
  [Infinity, undefined, "inf"],
  [-Infinity, 3, "inf"],
  [NaN, HEX, "nan"],
  [4294967041, 1, "ovf"],
  [-4294967041, 1, "ovf"],
  [4294967040.5, undefined, "ovf"],
  [1.5, -1, "2"],
];

/** By itoa and dtostrf. */
const STRINGS: readonly Case[] = [
  [255, HEX, "ff"],
  [255, 16, "ff"],
  [0xdeadbeefn, 16, "deadbeef"],
  [25, 2, "25.00"],
  [-1, HEX, "ffffffff"],
  [-255, DEC, "-255"],
  [3.14159, undefined, "3.14"],
  [3.14159, 4, "3.1416"],
  [25, 1, "25.0"],
  [9.999, 2, "10.00"],
  [-9.999, 2, "-10.00"],
  [1e10, 1, "10000000000.0"],
  [NaN, undefined, "nan"],
  [-Infinity, undefined, "inf"],
];

function named(format: NumberBase | number | undefined): string {
  return (format ?? "no format").toString();
}

describe("number text", () => {
  for (const [value, format, expected] of PRINTED) {
    it(`prints ${value} with ${named(format)} as ${expected}`, () => {
      expect(printedNumber(value, format)).to.equal(expected);
    });
  }

  for (const [value, format, expected] of STRINGS) {
    it(`makes a String of ${value} with ${named(format)} that is ${expected}`, () => {
      expect(numberText(value, format)).to.equal(expected);
    });
  }

  it("puts a space before a single digit without decimals in a String, as the board does", () => {
    expect(numberText(5.2, 0)).to.equal(" 5");
    expect(numberText(-5.2, 0)).to.equal("-5");
    expect(numberText(15.2, 0)).to.equal("15");
  });

  it("fills up to a width with dtostrf", () => {
    expect(dtostrfText(21.456, 8, 2)).to.equal("   21.46");
    expect(dtostrfText(-21.456, 3, 1)).to.equal("-21.5");
  });
});

import { expect } from "chai";

import { parseDouble, parseInteger, parseLong } from "../../../lib/arduino/text/c-number.js";

describe("C numbers in text", () => {
  it("reads as much of an integer as there is", () => {
    expect(["42", "+42", " \n-42abc", "4 2", "", "-", "0x10"].map(parseLong)).to.deep.equal([42, 42, -42, 4, 0, 0, 0]);
  });

  it("holds an integer at the ends of 32 bits", () => {
    expect(["2147483648", "-99999999999"].map(parseLong)).to.deep.equal([2147483647, -2147483648]);
  });

  const INTEGERS: readonly (readonly [text: string, radix: number, value: bigint])[] = [
    ["ff", 16, 255n],
    ["0xFFz", 16, 255n],
    [" -0x10", 0, -16n],
    ["010", 0, 8n],
    ["10", 0, 10n],
    ["0x", 16, 0n],
    ["0xg", 0, 0n],
    ["1012", 2, 5n],
    ["z", 36, 35n],
    ["x1", 10, 0n],
    ["", 16, 0n],
  ];
  for (const [text, radix, value] of INTEGERS) {
    it(`reads "${text}" in base ${radix} as ${value}`, () => {
      expect(parseInteger(text, radix)).to.equal(value);
    });
  }

  it("reads as much of a float as there is", () => {
    expect(["21.5", ".5", "5.", "1e3", "1e", "-2.5e-1x", "e5", ""].map(parseDouble)).to.deep.equal([
      21.5, 0.5, 5, 1000, 1, -0.25, 0, 0,
    ]);
  });

  it("reads what is not finite", () => {
    expect(["inf", "-INFINITY", "nan"].map(parseDouble)).to.deep.equal([Infinity, -Infinity, NaN]);
  });
});

import { expect } from "chai";

import * as characters from "../../../lib/arduino/text/characters.js";
import { expectInvalid } from "../expect-invalid.js";

const { char, codeOf, tolower, toupper } = characters;

/** The ASCII characters for which C's function is true. */
function ascii(test: (code: number) => boolean): string {
  return Array.from({ length: 128 }, (_, code) => code)
    .filter((code) => test(code))
    .map((code) => String.fromCharCode(code))
    .join("");
}

const DIGITS = "0123456789";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = UPPER.toLowerCase();

describe("characters", () => {
  it("sorts ASCII as C does", () => {
    expect(ascii(characters.isDigit)).to.equal(DIGITS);
    expect(ascii(characters.isAlpha)).to.equal(UPPER + LOWER);
    expect(ascii(characters.isAlphaNumeric)).to.equal(DIGITS + UPPER + LOWER);
    expect(ascii(characters.isUpperCase)).to.equal(UPPER);
    expect(ascii(characters.isLowerCase)).to.equal(LOWER);
    expect(ascii(characters.isSpace)).to.equal("\t\n\v\f\r ");
    expect(ascii(characters.isWhitespace)).to.equal("\t ");
    expect(ascii(characters.isHexadecimalDigit)).to.equal(`${DIGITS}ABCDEFabcdef`);
    expect(ascii(characters.isPunct)).to.equal("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
    expect(ascii(characters.isPrintable)).to.have.length(95);
    expect(ascii(characters.isGraph)).to.have.length(94);
    expect(ascii(characters.isControl)).to.have.length(33);
    expect([characters.isAscii(127), characters.isAscii(128)]).to.deep.equal([true, false]);
  });

  it("takes a char, its number, and the -1 of a read that found nothing", () => {
    expect([characters.isDigit("7"), characters.isDigit(55), characters.isDigit(-1)]).to.deep.equal([
      true,
      true,
      false,
    ]);
  });

  it("changes the case of letters, and gives a number for a number", () => {
    expect([toupper("a"), toupper(97), toupper("1"), tolower("A"), tolower(65), tolower("[")]).to.deep.equal([
      "A",
      65,
      "1",
      "a",
      97,
      "[",
    ]);
  });

  it("makes a char of a number, and back", () => {
    expect(char(65)).to.equal("A");
    expect(char("A")).to.equal("A");
    expect(char(0x141)).to.equal("A");
    expect(codeOf(char(0xc3))).to.equal(0xc3);
  });

  it("refuses text that is not one byte", () => {
    expectInvalid(() => codeOf("é"), 'a char is one byte, and "é" has 2');
    expectInvalid(() => codeOf(""), 'a char is one byte, and "" has 0');
  });
});

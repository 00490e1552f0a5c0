import { expect } from "chai";
import fc from "fast-check";

import { byteString, bytesOf, byteStringOf, charArray, textOf } from "../../../lib/arduino/text/byte-text.js";

describe("byte text", () => {
  it("is UTF-8", () => {
    expect(bytesOf(byteString("aé€😀"))).to.deep.equal(new TextEncoder().encode("aé€😀"));
    expect(textOf(byteString("aé€😀"))).to.equal("aé€😀");
  });

  it("keeps bytes that are no UTF-8 as lone surrogates, as Python's surrogateescape does", () => {
    expect(textOf("a\xff\xc3")).to.equal("a\udcff\udcc3");
    expect(byteString("a\udcff\udcc3")).to.equal("a\xff\xc3");
  });

  it("takes an overlong form, a surrogate and what is above U+10FFFF for no UTF-8", () => {
    for (const bytes of ["\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"]) {
      expect(textOf(bytes)).to.match(/^[\udc80-\udcff]+$/);
    }
  });

  it("puts the halves of a character together again", () => {
    expect(textOf(byteString(textOf("\xc3") + textOf("\xa9")))).to.equal("é");
  });

  it("loses no byte on the way to text and back", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(bytesOf(byteString(textOf(byteStringOf(bytes))))).to.deep.equal(bytes);
      }),
    );
  });

  it("loses no text on the way to bytes and back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(textOf(byteString(text))).to.equal(text);
      }),
    );
  });

  it("ends a char array at its first NUL, or at its end", () => {
    expect(charArray(Uint8Array.of(65, 66, 0, 67))).to.equal("AB");
    expect(charArray(Uint8Array.of(65, 66))).to.equal("AB");
  });
});

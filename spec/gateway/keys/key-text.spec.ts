import { expect } from "chai";
import { encodingTrouble, invisiblePart, withoutByteOrderMark } from "../../../lib/gateway/keys/key-text.js";
import { utf8 } from "../../support/core-bytes.js";

describe("withoutByteOrderMark", () => {
  it("takes away the mark at the start alone", () => {
    expect(withoutByteOrderMark(utf8("\ufeffkey"))).to.deep.equal(utf8("key"));
    expect(withoutByteOrderMark(utf8("key\ufeff"))).to.deep.equal(utf8("key\ufeff"));
    expect(withoutByteOrderMark(utf8("\ufeff"))).to.deep.equal(utf8(""));
    expect(withoutByteOrderMark(Uint8Array.of(0xef, 0xbb))).to.deep.equal(Uint8Array.of(0xef, 0xbb));
  });
});

describe("encodingTrouble", () => {
  const utf16le = (text: string): Buffer => Buffer.from(text, "utf16le");

  it("recognises UTF-16 with its mark and without, in both byte orders", () => {
    for (const bytes of [
      utf16le("\ufeffa key"),
      utf16le("a key"),
      utf16le("\ufeffa key").swap16(),
      utf16le("a key").swap16(),
    ])
      expect(encodingTrouble(bytes)).to.equal("it is UTF-16 text; save it as UTF-8");
  });

  it("names a NUL byte, and what to write instead", () => {
    expect(encodingTrouble(utf8("a key\0of text"))).to.match(/^it holds a NUL byte; .*"hex:"/);
  });

  it("has nothing against text and other bytes", () => {
    for (const bytes of [utf8(""), utf8("a key"), utf8("\ufeffgrün"), Uint8Array.of(0xff, 0x80, 0x01)])
      expect(encodingTrouble(bytes)).to.equal(null);
  });
});

describe("invisiblePart", () => {
  for (const [key, said] of [
    [" key", "begins with a space"],
    ["key ", "ends with a space"],
    ["\tkey\r", "begins with a tab and ends with a carriage return"],
    ["key\n", "ends with a line break"],
    ["one\ntwo", "contains a line break"],
    ["key\u00a0", "ends with a no-break space"],
    ["\u200bkey", "begins with a zero-width space"],
    ["ke\ufeffy", "contains a byte order mark"],
    ["key\u001b", "ends with the invisible character U+001B"],
  ] as const) {
    it(`says that ${JSON.stringify(key)} ${said}`, () => {
      expect(invisiblePart(key)).to.equal(said);
    });
  }

  it("has nothing against a passphrase of visible words", () => {
    for (const key of ["", "a key of enough text", "grün und gelb", "鍵"]) expect(invisiblePart(key)).to.equal(null);
  });
});

import { expect } from "chai";

import { HEX } from "../../../lib/arduino/text/number-base.js";
import { F, PSTR, String } from "../../../lib/arduino/text/string.js";
import { strlen } from "../../../lib/arduino/text/c-strings.js";
import { expectInvalid } from "../expect-invalid.js";

describe("String", () => {
  it("can be called, and made with new", () => {
    const called: String = String(255, HEX);
    const made = new String(3.14159, 1);
    expect([called.c_str(), made.c_str(), String().c_str()]).to.deep.equal(["ff", "3.1", ""]);
  });

  it("refuses nothing, wherever it is given in the place of text", () => {
    for (const nothing of [undefined, null] as unknown[] as string[]) {
      const refused = `a String takes text, a number or bytes, not ${nothing}`;
      expectInvalid(() => String(nothing), refused);
      expectInvalid(() => new String(nothing), refused);
      expectInvalid(() => String("on").concat(nothing), refused);
      expectInvalid(() => String("on").equals(nothing), refused);
      expectInvalid(() => strlen(nothing), `the text of strlen is ${nothing}; give text`);
    }
  });

  it("knows its own", () => {
    expect(String("x")).to.be.instanceOf(String);
    expect(new String("x")).to.be.instanceOf(String);
  });

  it("leaves text for flash memory as it is", () => {
    expect([F("text"), PSTR("text")]).to.deep.equal(["text", "text"]);
  });
});

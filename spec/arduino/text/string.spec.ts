import { expect } from "chai";

import { HEX } from "../../../lib/arduino/text/number-base.js";
import { F, PSTR, String } from "../../../lib/arduino/text/string.js";

describe("String", () => {
  it("can be called, and made with new", () => {
    const called: String = String(255, HEX);
    const made = new String(3.14159, 1);
    expect([called.c_str(), made.c_str(), String().c_str()]).to.deep.equal(["ff", "3.1", ""]);
  });

  it("knows its own", () => {
    expect(String("x")).to.be.instanceOf(String);
    expect(new String("x")).to.be.instanceOf(String);
  });

  it("leaves text for flash memory as it is", () => {
    expect([F("text"), PSTR("text")]).to.deep.equal(["text", "text"]);
  });
});

import { expect } from "chai";

import { ArduinoString } from "../../../lib/arduino/text/arduino-string.js";
import { HEX } from "../../../lib/arduino/text/number-base.js";
import { printed, type Printed } from "../../../lib/arduino/text/printed.js";
import { expectInvalid } from "../expect-invalid.js";

describe("printed", () => {
  it("writes text, numbers, truth values, Strings and char arrays", () => {
    const values: Printed[] = ["é", 21.456, 42, 7n, true, new ArduinoString("on"), Uint8Array.of(79, 75, 0, 1)];
    expect(values.map((value) => printed(value))).to.deep.equal(["\xc3\xa9", "21.46", "42", "7", "1", "on", "OK"]);
  });

  it("takes a base or decimals for numbers", () => {
    expect([printed(255, HEX), printed(21, 1)]).to.deep.equal(["FF", "21.0"]);
  });

  it("asks an object with a printed form for it", () => {
    expect(printed({ printedText: "192.168.1.5" })).to.equal("192.168.1.5");
  });

  it("refuses what a board cannot print", () => {
    const refuses = (value: unknown, kind: string): void =>
      expectInvalid(() => printed(value as Printed), `print takes text, a number or a String, not ${kind}`);
    refuses(undefined, "undefined");
    refuses(null, "null");
    refuses({}, "an object");
  });
});

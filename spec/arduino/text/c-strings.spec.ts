import { expect } from "chai";

import { ArduinoString } from "../../../lib/arduino/text/arduino-string.js";
import * as c from "../../../lib/arduino/text/c-strings.js";
import { HEX } from "../../../lib/arduino/text/number-base.js";
import { expectInvalid } from "../expect-invalid.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textIn = (buffer: Uint8Array): string => new ArduinoString(buffer).toString();

describe("C strings", () => {
  it("measures up to the NUL, in bytes", () => {
    expect([c.strlen("abc"), c.strlen("é"), c.strlen(bytes("ab\0c")), c.strlen("ab\0c")]).to.deep.equal([3, 2, 2, 2]);
  });

  it("compares text and char arrays", () => {
    expect(c.strcmp("on", bytes("on\0garbage"))).to.equal(0);
    expect(c.strcmp("a", "b")).to.be.below(0);
    expect(c.strncmp("set 5", "set 7", 4)).to.equal(0);
    expect(c.strncmp("set 5", "set 7", 5)).to.be.below(0);
    expect(c.strcasecmp("LED", new ArduinoString("led"))).to.equal(0);
  });

  it("copies and appends with a NUL", () => {
    const buffer = new Uint8Array(8).fill(255);
    c.strcpy(buffer, "abc");
    c.strcat(buffer, "def");
    expect(textIn(buffer)).to.equal("abcdef");
    expect([...buffer.subarray(6)]).to.deep.equal([0, 255]);
  });

  it("copies a number of bytes, filled up with NULs, without one if none fits", () => {
    const buffer = new Uint8Array(6).fill(255);
    expect([...c.strncpy(buffer, "ab", 4)]).to.deep.equal([97, 98, 0, 0, 255, 255]);
    expect([...c.strncpy(buffer, "abcdef", 4)]).to.deep.equal([97, 98, 99, 100, 255, 255]);
  });

  it("reads numbers", () => {
    expect([c.atoi("42x"), c.atol(bytes("-7\0")), c.atof("2.5")]).to.deep.equal([42, -7, 2.5]);
  });

  it("reads numbers of other bases, held within 32 bits", () => {
    expect([c.strtol("ff", null, HEX), c.strtol("-101", null, 2)]).to.deep.equal([255, -5]);
    expect([c.strtol("ffffffff", null, 16), c.strtoul("ffffffff", null, 16), c.strtoul("-1", null, 10)]).to.deep.equal([
      2147483647, 4294967295, 4294967295,
    ]);
    expect(c.strtoul("100000000", null, 16)).to.equal(4294967295);
  });

  it("formats into a buffer, cut to its size, and tells the whole length", () => {
    const buffer = new Uint8Array(8);
    expect(c.snprintf(buffer, buffer.length, "t=%.1f", 21.456)).to.equal(6);
    expect(textIn(buffer)).to.equal("t=21.5");
    expect(c.snprintf(buffer, buffer.length, "%s", "temperature")).to.equal(11);
    expect(textIn(buffer)).to.equal("tempera");
    expect(c.snprintf(buffer, 0, "x")).to.equal(1);
    expect(textIn(buffer)).to.equal("tempera");
  });

  it("formats and converts into a buffer that is large enough", () => {
    const buffer = new Uint8Array(8);
    expect(c.sprintf(buffer, "%03d", 7)).to.equal(3);
    expect(textIn(buffer)).to.equal("007");
    expect(textIn(c.dtostrf(21.456, 6, 1, buffer))).to.equal("  21.5");
  });

  it("copies, fills and compares memory", () => {
    const buffer = new Uint8Array(6);
    c.memset(buffer, 7, 4);
    c.memcpy(buffer, Uint8Array.of(1, 2, 3), 2);
    expect([...buffer]).to.deep.equal([1, 2, 7, 7, 0, 0]);
    c.memmove(buffer.subarray(1), buffer, 3);
    expect([...buffer]).to.deep.equal([1, 1, 2, 7, 0, 0]);
    expect(c.memcmp(buffer, Uint8Array.of(1, 1, 3), 2)).to.equal(0);
    expect(c.memcmp(buffer, Uint8Array.of(1, 1, 3), 3)).to.be.below(0);
  });

  it("never writes behind the end of a buffer", () => {
    const buffer = new Uint8Array(4);
    expectInvalid(() => c.strcpy(buffer, "abcd"), "strcpy: 5 bytes are not inside of a buffer of 4");
    expectInvalid(() => c.strcat(buffer, "abcd"), "strcat: 5 bytes are not inside of a buffer of 4");
    expectInvalid(() => c.sprintf(buffer, "%d", 12345), "sprintf: 6 bytes are not inside of a buffer of 4");
    expectInvalid(() => c.snprintf(buffer, 9, "12345678"), "snprintf: 9 bytes are not inside of a buffer of 4");
    expectInvalid(() => c.memcpy(buffer, new Uint8Array(9), 5), "memcpy: 5 bytes are not inside of a buffer of 4");
    expectInvalid(() => c.memcpy(new Uint8Array(9), buffer, 5), "memcpy: 5 bytes are not inside of a buffer of 4");
    expectInvalid(() => c.memset(buffer, 0, -1), "memset: -1 bytes are not inside of a buffer of 4");
    expect([...buffer]).to.deep.equal([0, 0, 0, 0]);
  });
});

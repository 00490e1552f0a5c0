import { inspect } from "node:util";
import { expect } from "chai";

import { ArduinoString } from "../../../lib/arduino/text/arduino-string.js";
import * as c from "../../../lib/arduino/text/c-strings.js";
import { charArray } from "../../../lib/arduino/text/char-array.js";
import { Print } from "../../../lib/arduino/text/print.js";
import { formatted } from "../../../lib/arduino/text/printf.js";
import { expectInvalid } from "../expect-invalid.js";

class Paper extends Print {
  readonly bytes: number[] = [];

  flush(): void {
    // All is there already.
  }

  protected override writeBytes(bytes: Uint8Array): number {
    this.bytes.push(...bytes);
    return bytes.length;
  }
}

describe("charArray", () => {
  it("has the size that it is given, NULs alone, as a static array of C", () => {
    const line = charArray(64);
    expect(line).to.have.length(64);
    expect(line.every((byte) => byte === 0)).to.equal(true);
    expect(line.toString()).to.equal("");
  });

  it("begins with a text, in its own room or in a given one", () => {
    expect([...charArray("on")]).to.deep.equal([0x6f, 0x6e, 0]);
    expect([...charArray(4, "on")]).to.deep.equal([0x6f, 0x6e, 0, 0]);
    expect([...charArray(2, "on")]).to.deep.equal([0x6f, 0x6e]);
    expect(charArray("é")).to.have.length(3);
  });

  it("refuses a text that has no room, and what is no size", () => {
    expectInvalid(() => charArray(3, "four"), 'charArray(3, "four"): the text has 4 bytes');
    for (const size of [-1, 1.5, NaN, undefined]) {
      expectInvalid(() => charArray(size as number), `charArray(${String(size)}): the size is a whole number of bytes`);
    }
  });

  it("is text up to its NUL wherever text is printed", () => {
    const line = charArray(64);
    c.snprintf(line, line.length, "t=%.1f", 21.456);
    const paper = new Paper();
    expect(paper.print(line)).to.equal(6);
    paper.println(line);
    paper.printf("[%s|%8s|%.3s]", line, line, line);
    paper.write(line);
    expect(Buffer.from(paper.bytes).toString()).to.equal("t=21.5t=21.5\r\n[t=21.5|  t=21.5|t=2]t=21.5");
  });

  it("writes as many bytes as it is told, NULs included, as write(const uint8_t*, size_t) does", () => {
    const paper = new Paper();
    paper.write(charArray(8, "ab"), 4);
    expect(paper.bytes).to.deep.equal([0x61, 0x62, 0, 0]);
  });

  it("is text for String and for all that its methods take", () => {
    const word = charArray(16, "off");
    const text = new ArduinoString("turned off");
    expect(new ArduinoString(word).c_str()).to.equal("off");
    expect([text.endsWith(word), text.indexOf(word), new ArduinoString("off").equals(word)]).to.deep.equal([
      true,
      7,
      true,
    ]);
    text.concat(word);
    text.replace(charArray(8, "turned"), word);
    expect(text.c_str()).to.equal("off offoff");
  });

  it("is text in a template and behind a plus, and in what an inspector shows", () => {
    const word = charArray(16, "on");
    // eslint-disable-next-line @typescript-eslint/restrict-template-expressions, @typescript-eslint/restrict-plus-operands -- what a sketch does
    expect([`${word}`, "light " + word, JSON.stringify({ word }), inspect(word)]).to.deep.equal([
      "on",
      "light on",
      '{"word":"on"}',
      "'on'",
    ]);
  });

  it("is a char array for each of C's functions", () => {
    const buffer = charArray(16);
    c.strcpy(buffer, charArray(8, "abc"));
    c.strcat(buffer, charArray("def"));
    expect([c.strlen(buffer), c.strcmp(buffer, "abcdef"), c.strncmp(buffer, charArray("abcx"), 3)]).to.deep.equal([
      6, 0, 0,
    ]);
    expect(c.strcasecmp(buffer, charArray("ABCDEF"))).to.equal(0);
    c.strncpy(buffer, charArray("42 rest"), 2);
    expect([c.atoi(buffer), c.strtoul(charArray(8, "ff"), null, 16)]).to.deep.equal([42, 255]);
    c.memset(buffer, 0, buffer.length);
    c.dtostrf(21.456, 6, 1, buffer);
    expect(buffer.toString()).to.equal("  21.5");
    expect(formatted("%c%s", ["x", buffer])).to.equal("x  21.5");
  });

  it("shares its bytes with what points into it, which is a char array again", () => {
    const buffer = charArray(16, "set 250");
    const argument = buffer.subarray(4);
    expect(argument.toString()).to.equal("250");
    argument[0] = 0x39;
    expect(buffer.toString()).to.equal("set 950");
    buffer.slice().fill(0);
    expect(buffer.toString()).to.equal("set 950");
  });

  it("is text to its end where it has no NUL, and keeps bytes that are no UTF-8", () => {
    const full = charArray(3);
    full.set([0xff, 0x80, 0x41]);
    const paper = new Paper();
    paper.print(full);
    expect(paper.bytes).to.deep.equal([0xff, 0x80, 0x41]);
  });

  it("is bytes for whoever asks for bytes", () => {
    const buffer = charArray(3, "on");
    expect(Buffer.from(buffer)).to.deep.equal(Buffer.from([0x6f, 0x6e, 0]));
    expect(buffer.subarray(1)).to.be.instanceOf(Uint8Array);
  });
});

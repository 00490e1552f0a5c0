import { expect } from "chai";

import { ArduinoString } from "../../../lib/arduino/text/arduino-string.js";
import { HEX } from "../../../lib/arduino/text/number-base.js";
import { Print } from "../../../lib/arduino/text/print.js";
import { expectInvalid } from "../expect-invalid.js";

/** Takes at most `room` bytes. */
class Paper extends Print {
  readonly bytes: number[] = [];

  constructor(readonly room = Infinity) {
    super();
  }

  get text(): string {
    return Buffer.from(this.bytes).toString();
  }

  flush(): void {
    // All is there already.
  }

  protected override writeBytes(bytes: Uint8Array): number {
    const taken = [...bytes].slice(0, this.room);
    this.bytes.push(...taken);
    return taken.length;
  }
}

describe("Print", () => {
  it("prints values and formats, and ends lines with CR LF", () => {
    const paper = new Paper();
    paper.print("t=");
    paper.println(21.456, 1);
    paper.println(255, HEX);
    paper.println();
    paper.printf("%s: %03d\n", "é", 7);
    expect(paper.text).to.equal("t=21.5\r\nFF\r\n\r\né: 007\n");
  });

  it("writes a byte, text and bytes as they are, at most as many as it is told", () => {
    const paper = new Paper();
    paper.write(0x1ff);
    paper.write("abc", 2);
    paper.write(new ArduinoString("é"));
    paper.write(Uint8Array.of(0, 1, 2), 2);
    paper.write(Uint8Array.of(200));
    expect(paper.bytes).to.deep.equal([0xff, 97, 98, 0xc3, 0xa9, 0, 1, 200]);
  });

  it("ends a line only where nothing is given: undefined is a mistake", () => {
    const paper = new Paper();
    const nothing = undefined as unknown as string;
    expectInvalid(() => paper.println(nothing), "print takes text, a number or a String, not undefined");
    expectInvalid(() => paper.print(nothing), "print takes text, a number or a String, not undefined");
    expectInvalid(() => paper.write(nothing), "write takes text or bytes, not undefined");
    expect(paper.bytes).to.deep.equal([]);
  });

  it("tells how many bytes were taken", () => {
    const paper = new Paper(3);
    const sizes = [paper.print("é"), paper.println("long"), paper.printf("%d", 5), paper.write(1)];
    expect(sizes).to.deep.equal([2, 3, 1, 1]);
  });
});

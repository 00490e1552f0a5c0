import { expect } from "chai";

import * as reading from "../../../lib/arduino/serial/timed-reading.js";

/** Bytes in parts, between which a read has to wait; after the last one nothing comes. */
class Parts implements reading.TimedSource {
  #now = "";
  readonly #later: string[];

  constructor(...parts: string[]) {
    this.#later = parts;
  }

  /** What was not taken. */
  get rest(): string {
    return this.#now + this.#later.join("");
  }

  read(): number {
    const byte = this.peek();
    this.#now = this.#now.slice(1);
    return byte;
  }

  peek(): number {
    return this.#now === "" ? -1 : this.#now.charCodeAt(0);
  }

  async arrival(): Promise<boolean> {
    this.#now += this.#later.shift() ?? "";
    return this.#now !== "";
  }
}

describe("timed reading", () => {
  it("fills a buffer over several arrivals, and takes no more", async () => {
    const source = new Parts("ab", "cde");
    const buffer = new Uint8Array(4);
    expect(await reading.readBytes(source, buffer, 4)).to.equal(4);
    expect(Buffer.from(buffer).toString()).to.equal("abcd");
    expect(source.rest).to.equal("e");
  });

  it("returns how many bytes came in time, and never goes beyond the buffer", async () => {
    expect(await reading.readBytes(new Parts("ab"), new Uint8Array(4), 4)).to.equal(2);
    expect(await reading.readBytes(new Parts("abcd"), new Uint8Array(2), 4)).to.equal(2);
    expect(await reading.readBytes(new Parts("abcd"), new Uint8Array(2), 0)).to.equal(0);
  });

  it("stops at a terminator, which it takes", async () => {
    const source = new Parts("ab;c");
    const buffer = new Uint8Array(8);
    expect(await reading.readBytesUntil(source, ";", buffer, 8)).to.equal(2);
    expect(source.rest).to.equal("c");
  });

  it("reads text up to a terminator, or until nothing comes", async () => {
    const source = new Parts("set ", "5\nre", "st");
    expect(await reading.readText(source, "\n")).to.equal("set 5");
    expect(await reading.readText(source, "\n")).to.equal("rest");
    expect(await reading.readText(source, "\n")).to.equal("");
    expect(await reading.readText(new Parts("a\n", "b\n"), null)).to.equal("a\nb\n");
  });

  const integers: readonly (readonly [text: string, value: number, rest: string])[] = [
    ["42\n", 42, "\n"],
    ["t = -17 C", -17, " C"],
    ["1,234", 1, ",234"],
    ["4294967295", -1, ""],
    ["none", 0, ""],
    ["-", 0, ""],
  ];
  for (const [text, value, rest] of integers) {
    it(`reads the integer ${value} from "${text.trim()}"`, async () => {
      const source = new Parts(...text);
      expect(await reading.readInteger(source)).to.equal(value);
      expect(source.rest).to.equal(rest);
    });
  }

  it("skips a character that may stand between digits", async () => {
    expect(await reading.readInteger(new Parts("1,234,567"), ",")).to.equal(1_234_567);
    expect(await reading.readFloat(new Parts("1 234.5"), " ")).to.equal(1234.5);
    expect(await reading.readInteger(new Parts(", x5"), ",")).to.equal(5);
  });

  const floats: readonly (readonly [text: string, value: number, rest: string])[] = [
    ["21.5C", 21.5, "C"],
    ["t=-.25", -0.25, ""],
    ["1.2.3", 1.2, ".3"],
    ["7", 7, ""],
    ["none", 0, ""],
  ];
  for (const [text, value, rest] of floats) {
    it(`reads the number ${value} from "${text}"`, async () => {
      const source = new Parts(...text);
      expect(await reading.readFloat(source)).to.equal(value);
      expect(source.rest).to.equal(rest);
    });
  }

  it("finds text, and takes it", async () => {
    const source = new Parts("aab", "ab;", "rest");
    expect(await reading.find(source, "abab")).to.equal(true);
    expect(source.rest).to.equal(";rest");
    expect(await reading.find(source, "never")).to.equal(false);
  });

  it("looks for text no further than to a terminator", async () => {
    const source = new Parts("head;body");
    expect(await reading.find(source, "body", ";")).to.equal(false);
    expect(source.rest).to.equal("body");
    expect(await reading.find(source, "body", ";")).to.equal(true);
  });
});

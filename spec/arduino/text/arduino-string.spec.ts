import { expect } from "chai";
import { inspect } from "node:util";

import { ArduinoString } from "../../../lib/arduino/text/arduino-string.js";
import { HEX } from "../../../lib/arduino/text/number-base.js";

const text = (value: string): ArduinoString => new ArduinoString(value);

/** What `change` makes of `value`. */
function changed(value: string, change: (string: ArduinoString) => unknown): string {
  const string = text(value);
  change(string);
  return string.toString();
}

describe("ArduinoString", () => {
  it("is made of text, numbers, truth values and char arrays", () => {
    const made = [
      new ArduinoString(),
      text("on"),
      new ArduinoString(text("copy")),
      new ArduinoString(42),
      new ArduinoString(255, HEX),
      new ArduinoString(3.14159, 3),
      new ArduinoString(2n ** 60n),
      new ArduinoString(true),
      new ArduinoString(Uint8Array.of(79, 75, 0, 33)),
    ];
    expect(made.map(String)).to.deep.equal(["", "on", "copy", "42", "ff", "3.142", "1152921504606846976", "1", "OK"]);
  });

  it("counts bytes, as on a board", () => {
    expect(text("é!").length()).to.equal(3);
    expect(text("é!").indexOf("!")).to.equal(2);
    expect(text("é!").charAt(2)).to.equal("!");
  });

  it("puts half characters together again", () => {
    const source = text("é");
    const copy = text("");
    for (let index = 0; index < source.length(); index++) copy.concat(source.charAt(index));
    expect(copy.toString()).to.equal("é");
  });

  it("reads and writes single chars inside of the text only", () => {
    expect(text("abc").charAt(1)).to.equal("b");
    expect(text("abc").charAt(3)).to.equal("\0");
    expect(changed("abc", (s) => s.setCharAt(1, "X"))).to.equal("aXc");
    expect(changed("abc", (s) => s.setCharAt(3, "X"))).to.equal("abc");
    expect(changed("abc", (s) => s.setCharAt(-1, "X"))).to.equal("abc");
  });

  it("appends what can be a String", () => {
    expect(changed("t=", (s) => s.concat(21.456))).to.equal("t=21.46");
    expect(changed("n=", (s) => s.concat(7))).to.equal("n=7");
    const doubled = text("ab");
    expect(doubled.concat(doubled)).to.equal(true);
    expect(doubled.toString()).to.equal("abab");
  });

  it("compares", () => {
    expect(text("a").equals("a")).to.equal(true);
    expect(text("a").equals(text("b"))).to.equal(false);
    expect(text("LED on").equalsIgnoreCase("led ON")).to.equal(true);
    expect(text("é").equalsIgnoreCase("É")).to.equal(false);
    expect(text("abc").compareTo("abd")).to.be.below(0);
    expect(text("b").compareTo("abc")).to.be.above(0);
    expect(text("ab").compareTo("abc")).to.be.below(0);
    expect(text("abc").compareTo("abc")).to.equal(0);
  });

  it("finds text at its ends", () => {
    expect(text("set 5").startsWith("set")).to.equal(true);
    expect(text("set 5").startsWith("5", 4)).to.equal(true);
    expect(text("set 5").endsWith(text(" 5"))).to.equal(true);
    expect(text("5").endsWith("set 5")).to.equal(false);
  });

  it("finds text inside", () => {
    const path = text("a/b/c");
    expect([path.indexOf("/"), path.indexOf("/", 2), path.indexOf("x"), path.indexOf("c", 5)]).to.deep.equal([
      1, 3, -1, -1,
    ]);
    expect([
      path.lastIndexOf("/"),
      path.lastIndexOf("/", 2),
      path.lastIndexOf("x"),
      path.lastIndexOf(""),
    ]).to.deep.equal([3, 1, -1, -1]);
  });

  it("finds nothing behind its end, not even nothing", () => {
    expect([text("a").indexOf("", 1), text("").indexOf(""), text("a").indexOf("")]).to.deep.equal([-1, -1, 0]);
  });

  it("takes parts, also with the ends swapped or outside", () => {
    const value = text("temperature");
    expect(value.substring(0, 4).toString()).to.equal("temp");
    expect(value.substring(4).toString()).to.equal("erature");
    expect(value.substring(4, 0).toString()).to.equal("temp");
    expect(value.substring(20).toString()).to.equal("");
  });

  it("changes in place", () => {
    expect(changed("a,b,c", (s) => s.replace(",", "; "))).to.equal("a; b; c");
    expect(changed("cost", (s) => s.replace("cost", "$&"))).to.equal("$&");
    expect(changed("abc", (s) => s.replace("", "x"))).to.equal("abc");
    expect(changed("abcdef", (s) => s.remove(2))).to.equal("ab");
    expect(changed("abcdef", (s) => s.remove(2, 2))).to.equal("abef");
    expect(changed("abc", (s) => s.remove(9))).to.equal("abc");
    expect(changed(" \t on \r\n", (s) => s.trim())).to.equal("on");
    expect(changed("Ä: led", (s) => s.toUpperCase())).to.equal("Ä: LED");
    expect(changed("Ä: LED", (s) => s.toLowerCase())).to.equal("Ä: led");
  });

  it("reads numbers", () => {
    expect(["42", " -7 C", "x", "99999999999", "3.9"].map((s) => text(s).toInt())).to.deep.equal([
      42, -7, 0, 2147483647, 3,
    ]);
    expect(["21.5", "-.5e1x", "x"].map((s) => text(s).toFloat())).to.deep.equal([21.5, -5, 0]);
    expect(text("1e3").toDouble()).to.equal(1000);
  });

  it("copies into a buffer, with a NUL behind", () => {
    const buffer = new Uint8Array(8).fill(255);
    text("temperature").toCharArray(buffer, 5);
    expect([...buffer]).to.deep.equal([116, 101, 109, 112, 0, 255, 255, 255]);
    text("temperature").getBytes(buffer, 99, 9);
    expect([...buffer]).to.deep.equal([114, 101, 0, 112, 0, 255, 255, 255]);
    text("x").getBytes(buffer, 0);
    expect(buffer[0]).to.equal(114);
  });

  it("is its text wherever TypeScript wants text", () => {
    const value = text("on");
    expect(["led", value].join(" ")).to.equal("led on");
    expect(value.valueOf()).to.equal("on");
    expect(value.c_str()).to.equal("on");
    expect(JSON.stringify({ value })).to.equal('{"value":"on"}');
    expect(inspect(value)).to.equal("'on'");
  });

  it("is empty at first, and always has room", () => {
    expect(new ArduinoString().isEmpty()).to.equal(true);
    expect(text("x").isEmpty()).to.equal(false);
    expect(text("").reserve(1_000)).to.equal(true);
  });

  it("takes an index or a count below 0 for a very large number, as a board does", () => {
    const value = text("no comma");
    expect(value.substring(0, value.indexOf(",")).toString()).to.equal("no comma");
    expect(value.substring(-1).toString()).to.equal("");
    expect(value.indexOf("n", -1)).to.equal(-1);
    expect(value.startsWith("no", -1)).to.equal(false);
    expect(value.startsWith("", 9)).to.equal(false);
    value.remove(-1);
    expect(value.toString()).to.equal("no comma");
    value.remove(2, -1);
    expect(value.toString()).to.equal("no");
  });
});

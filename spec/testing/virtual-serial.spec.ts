import { expect } from "chai";

import { VirtualSerial } from "../../lib/testing/virtual-serial.js";

describe("VirtualSerial", () => {
  const print = (serial: VirtualSerial, text: string): void => serial.write(Buffer.from(text));

  it("records what was sent, as bytes, as text and as lines", () => {
    const serial = new VirtualSerial(() => 0);
    print(serial, "one\r\ntw");
    print(serial, "o\nthr");
    expect(serial.text).to.equal("one\r\ntwo\nthr");
    expect(serial.lines()).to.deep.equal(["one", "two"]);
    expect(Buffer.from(serial.bytes).toString()).to.equal(serial.text);
  });

  it("puts a character together that was sent in two parts", () => {
    const serial = new VirtualSerial(() => 0);
    serial.write(Uint8Array.of(0xc3));
    serial.write(Uint8Array.of(0xa9));
    expect(serial.text).to.equal("é");
  });

  it("tells when each line was finished", () => {
    let now = 5;
    const serial = new VirtualSerial(() => now);
    print(serial, "one\ntwo\nth");
    now = 8;
    print(serial, "ree\n");
    expect(serial.timedLines()).to.deep.equal([
      { atMs: 5, text: "one" },
      { atMs: 5, text: "two" },
      { atMs: 8, text: "three" },
    ]);
  });

  it("forgets what was sent so far", () => {
    let now = 1;
    const serial = new VirtualSerial(() => now);
    print(serial, "old\n");
    serial.clear();
    now = 2;
    print(serial, "new\n");
    expect(serial.timedLines()).to.deep.equal([{ atMs: 2, text: "new" }]);
  });

  it("gives the board what was typed, and counts what the board had no room for", () => {
    const serial = new VirtualSerial(() => 0);
    serial.type("é");
    serial.type(Uint8Array.of(0));
    expect([serial.available, serial.read(), serial.read(), serial.peek(), serial.lost]).to.deep.equal([
      3, 0xc3, 0xa9, 0, 0,
    ]);
    serial.type("x".repeat(300));
    expect([serial.available, serial.lost]).to.deep.equal([256, 45]);
  });

  it("refuses to send once it is closed", () => {
    const serial = new VirtualSerial(() => 0);
    serial.close();
    expect(() => print(serial, "x")).to.throw("the stream is closed that the serial port writes to");
  });
});

import { expect } from "chai";

import { PrintBuffer } from "../../lib/device/print-buffer.js";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function open(takes: () => boolean = () => true): { buffer: PrintBuffer; sent: string[] } {
  const sent: string[] = [];
  const buffer = new PrintBuffer((message) => {
    if (!takes()) return false;
    sent.push(new TextDecoder().decode(message));
    return true;
  });
  return { buffer, sent };
}

describe("PrintBuffer", () => {
  it("gathers until a newline, which is the message's last byte", () => {
    const { buffer, sent } = open();
    expect([buffer.write(text("a")), buffer.write(text("b")), buffer.write(text("c\n"))]).to.deep.equal([1, 1, 2]);
    expect(sent).to.deep.equal(["abc\n"]);
  });

  it("sends each line of one write as a message and keeps what follows the last newline", () => {
    const { buffer, sent } = open();
    expect(buffer.write(text("1\n\n2\r\n3"))).to.equal(7);
    expect(sent).to.deep.equal(["1\n", "\n", "2\r\n"]);
    expect(buffer.flush()).to.equal(true);
    expect(sent.at(-1)).to.equal("3");
  });

  it("sends at 452 bytes, and one message for 452 bytes that end in a newline", () => {
    const { buffer, sent } = open();
    buffer.write(text("x".repeat(451)));
    expect(sent).to.deep.equal([]);
    buffer.write(text("x"));
    buffer.write(text(`${"y".repeat(451)}\n`));
    expect(sent.map(({ length }) => length)).to.deep.equal([452, 452]);
    expect(buffer.write(text("z".repeat(1_000)))).to.equal(1_000);
    expect(sent.map(({ length }) => length)).to.deep.equal([452, 452, 452, 452]);
    buffer.flush();
    expect(sent.at(-1)).to.have.lengthOf(96);
  });

  it("sends nothing where nothing was gathered", () => {
    const { buffer, sent } = open();
    expect([buffer.write(text("")), buffer.flush()]).to.deep.equal([0, true]);
    buffer.write(text("a\n"));
    buffer.flush();
    expect(sent).to.deep.equal(["a\n"]);
  });

  it("gives up what cannot be sent, and counts it out", () => {
    let takes = false;
    const { buffer, sent } = open(() => takes);
    expect(buffer.write(text("ab\ncd"))).to.equal(2);
    buffer.write(text("ef"));
    expect(buffer.flush()).to.equal(false);
    takes = true;
    expect(buffer.flush()).to.equal(true);
    expect(sent).to.deep.equal([]);
  });

  it("forgets what was gathered on clear", () => {
    const { buffer, sent } = open();
    buffer.write(text("of the old session"));
    buffer.clear();
    buffer.write(text("new\n"));
    expect(sent).to.deep.equal(["new\n"]);
  });

  it("is whole again within the call that sends", () => {
    const sent: string[] = [];
    const buffer: PrintBuffer = new PrintBuffer((message) => {
      const line = new TextDecoder().decode(message);
      sent.push(line);
      if (line === "a\n") buffer.write(text("b\n"));
      return true;
    });
    buffer.write(text("a\nc\n"));
    expect(sent).to.deep.equal(["a\n", "b\n", "c\n"]);
  });
});

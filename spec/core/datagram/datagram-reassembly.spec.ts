import { expect } from "chai";
import { DatagramReassembly } from "../../../lib/core/datagram/datagram-reassembly.js";
import { utf8 } from "../../support/core-bytes.js";

/** `"F3a"`: the fragment of number 3 with text a; `"D"` the last, or only, frame of a message; `"C"` a control frame. */
function run(...frames: readonly string[]): string[] {
  const reassembly = new DatagramReassembly();
  const messages: string[] = [];
  for (const frame of frames) {
    const [, kind, number, text] = /^(.)(\d+)(.*)$/.exec(frame)!;
    const seq = Number(number);
    if (kind === "F") reassembly.addFragment(seq, utf8(text!));
    else if (kind === "C") reassembly.interrupt(seq);
    else if (kind === "R") reassembly.startOver(seq);
    else {
      const message = reassembly.finish(seq, utf8(text!));
      if (message !== null) messages.push(new TextDecoder().decode(message));
    }
  }
  return messages;
}

describe("DatagramReassembly", () => {
  it("returns a message of one frame as it is, and joins up to four", () => {
    expect(run("D0a", "F1b", "D2c", "F3d", "F4e", "F5f", "D6g")).to.deep.equal(["a", "bc", "defg"]);
  });

  it("drops a message of more than four frames whole, and takes the next one (case 28)", () => {
    expect(run("F0a", "F1b", "F2c", "F3d", "D4e", "D5f")).to.deep.equal(["f"]);
    expect(run("F0a", "F1b", "F2c", "F3d", "F4e", "F5f", "D6g", "D7h")).to.deep.equal(["h"]);
  });

  it("drops a message whose fragment is missing, whichever, and all that belongs to it (case 46)", () => {
    expect(run("F0a", "D2c", "D3d")).to.deep.equal(["d"]);
    expect(run("F0a", "F2c", "D3d", "D4e")).to.deep.equal(["e"]);
    expect(run("F0a", "F1b", "F3d", "D4e", "F5f", "D6g")).to.deep.equal(["fg"]);
  });

  it("takes a message after a gap in the numbers between messages", () => {
    expect(run("D0a", "D7b", "F20c", "D21d", "F90e", "D91f")).to.deep.equal(["a", "b", "cd", "ef"]);
  });

  it("drops a message that a control frame came into, to its last frame (case 29)", () => {
    expect(run("F0a", "C1", "D2b", "D3c")).to.deep.equal(["c"]);
    expect(run("F0a", "C1", "C2", "F3b", "D4c", "D5d")).to.deep.equal(["d"]);
  });

  it("does not take the end of a dropped message for a message if a number before it is missing (case 29)", () => {
    expect(run("F0a", "C1", "D3b", "D4c")).to.deep.equal(["c"]);
    expect(run("F0a", "F1b", "F2c", "F3d", "D6e", "D7f")).to.deep.equal(["f"]);
    expect(run("F0a", "C1", "F3b", "D4c", "D5d")).to.deep.equal(["d"]);
  });

  it("is not disturbed by a control frame between messages", () => {
    expect(run("C0", "D1a", "C2", "F3b", "D4c", "C5", "D6d")).to.deep.equal(["a", "bc", "d"]);
  });

  it("returns a whole message that comes late, and keeps the fragments it holds (case 42)", () => {
    expect(run("F70a", "D10b", "D71c")).to.deep.equal(["b", "ac"]);
  });

  it("never returns the end of a message alone, however late it comes", () => {
    expect(run("F0a", "F2x", "D3y", "D1b")).to.deep.equal([]);
    expect(run("F70a", "F10b", "D11c", "D71d")).to.deep.equal(["ad"]);
  });

  it("forgets after 64 numbers which message went on", () => {
    expect(run("F0a", "C1", "F80b", "D81c", "D2d")).to.deep.equal(["bc", "d"]);
  });

  it("starts over with the numbers; a message that the change of keys came into is dropped to its end (case 51)", () => {
    expect(run("D5a", "R6", "D0b", "F1c", "D2d")).to.deep.equal(["a", "b", "cd"]);
    expect(run("F5a", "R6", "D0b", "D1c")).to.deep.equal(["c"]);
    expect(run("F5a", "R6", "F0b", "D1c", "D2d")).to.deep.equal(["d"]);
  });

  it("shows whether it holds part of a message", () => {
    const reassembly = new DatagramReassembly();
    expect(reassembly.holdsPartialMessage).to.equal(false);
    reassembly.addFragment(3, utf8("a"));
    expect(reassembly.holdsPartialMessage).to.equal(true);
    reassembly.startOver();
    expect(reassembly.holdsPartialMessage).to.equal(false);
  });
});

import { expect } from "chai";
import { StreamReassembly } from "../../../lib/core/stream/stream-reassembly.js";
import { counted, filled, NOTHING } from "../../support/core-bytes.js";
import { expectCode } from "../../support/core-errors.js";

describe("StreamReassembly", () => {
  it("returns a message of one frame as it is, without a copy", () => {
    const message = counted(452);
    expect(new StreamReassembly().finish(message)).to.equal(message);
    expect(new StreamReassembly().finish(NOTHING)).to.equal(NOTHING);
  });

  it("joins two, three and four frames, one message after the other", () => {
    const reassembly = new StreamReassembly();
    for (const frames of [2, 4, 3, 2]) {
      for (let frame = 1; frame < frames; frame++) reassembly.addFragment(filled(452, frame));
      const message = reassembly.finish(filled(3, 9));
      expect(message).to.have.lengthOf((frames - 1) * 452 + 3);
      expect(message[0]).to.equal(1);
      expect(message[(frames - 2) * 452]).to.equal(frames - 1);
      expect(message.subarray(-3)).to.deep.equal(filled(3, 9));
    }
  });

  it("shows whether a message has begun", () => {
    const reassembly = new StreamReassembly();
    expect(reassembly.holdsPartialMessage).to.equal(false);
    reassembly.addFragment(NOTHING);
    expect(reassembly.holdsPartialMessage).to.equal(true);
    reassembly.finish(NOTHING);
    expect(reassembly.holdsPartialMessage).to.equal(false);
  });

  it("rejects a fourth fragment that is not the last, however short the fragments are (§4)", () => {
    const reassembly = new StreamReassembly();
    for (let fragment = 0; fragment < 3; fragment++) reassembly.addFragment(NOTHING);
    expectCode(() => reassembly.addFragment(NOTHING), "FRAGMENT");
  });
});

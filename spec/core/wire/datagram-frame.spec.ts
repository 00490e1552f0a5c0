import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import { plainDatagram, readDatagram } from "../../../lib/core/wire/datagram-frame.js";
import { MAX_PAYLOAD_LENGTH } from "../../../lib/core/wire/wire.js";
import { counted, flipped, NOTHING } from "../../support/core-bytes.js";
import { plainFrame } from "../../support/core-frames.js";

const frame = plainFrame(5, counted(28), 9);

describe("a datagram", () => {
  it("holds exactly one frame (§1)", () => {
    const read = readDatagram(frame)!;
    expect(read.type).to.equal(5);
    expect(read.seq).to.equal(9);
    expect(read.payload).to.deep.equal(counted(28));
    expect(readDatagram(plainFrame(5, NOTHING))?.payload).to.deep.equal(NOTHING);
    expect(readDatagram(plainFrame(5, counted(MAX_PAYLOAD_LENGTH)))?.payload).to.have.lengthOf(MAX_PAYLOAD_LENGTH);
  });

  it("is dropped if it is a byte too long or too short, or holds two frames (case 8)", () => {
    expect(readDatagram(frame.subarray(0, -1))).to.equal(null);
    expect(readDatagram(concat(frame, Uint8Array.of(0)))).to.equal(null);
    expect(readDatagram(concat(frame, frame))).to.equal(null);
    for (const length of [0, 1, 11]) expect(readDatagram(frame.subarray(0, length))).to.equal(null);
  });

  it("is dropped if magic, version, length or CRC are wrong (cases 2, 3, 4, 6)", () => {
    for (const at of [0, 1, 2, 8, 9, 10, 11, 12, -1])
      expect(readDatagram(flipped(frame, at)), `byte ${at}`).to.equal(null);
    expect(readDatagram(flipped(frame, 9, 0x02))).to.equal(null);
  });

  it("is written as a frame is", () => {
    expect(plainDatagram(1, 7, counted(5))).to.deep.equal(plainFrame(1, counted(5), 7));
  });
});

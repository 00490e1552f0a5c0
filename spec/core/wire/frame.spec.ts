import { expect } from "chai";
import { appendFrame, checkHeader, payloadLength, readFrame } from "../../../lib/core/wire/frame.js";
import { concat } from "../../../lib/core/wire/bytes.js";
import { StreamOutbox } from "../../../lib/core/stream/stream-outbox.js";
import { counted, flipped, fromHex, NOTHING, toHex, utf8 } from "../../support/core-bytes.js";
import { expectCode } from "../../support/core-errors.js";
import { plainFrame } from "../../support/core-frames.js";

describe("frame", () => {
  it("writes magic, version, type, seq, length and CRC little-endian (§1)", () => {
    expect(toHex(plainFrame(0x01, utf8("device_id_pub_c")))).to.equal(
      "cdab0201000000000f00bd4b6465766963655f69645f7075625f63",
    );
    expect(toHex(plainFrame(0x09, NOTHING, 0x8102_0304)).slice(0, 20)).to.equal("cdab0209040302810000");
  });

  it("appends to frames that wait already", () => {
    const outbox = new StreamOutbox();
    appendFrame(outbox, 1, 0, counted(3));
    appendFrame(outbox, 2, 1, counted(5));
    expect(concat(...outbox.take())).to.deep.equal(concat(plainFrame(1, counted(3), 0), plainFrame(2, counted(5), 1)));
  });

  it("reads back what it wrote, at the largest seq and payload, too", () => {
    for (const [type, seq, length] of [
      [0x00, 0, 0],
      [0x05, 0xffff_ffff, 480],
      [0xff, 0x8000_0000, 1],
    ] as const) {
      const bytes = plainFrame(type, counted(length), seq);
      const frame = readFrame(bytes);
      expect({ type: frame.type, seq: frame.seq }).to.deep.equal({ type, seq });
      expect(frame.payload).to.deep.equal(counted(length));
      expect(frame.bytes).to.equal(bytes);
    }
  });

  it("rejects a frame with any one bit flipped behind the header's fields (§1)", () => {
    const bytes = plainFrame(0x05, counted(30), 7);
    for (let index = 3; index < bytes.length; index++) {
      if (index === 8 || index === 9) continue; // The length: the decoder would wait for another frame's end.
      for (let bit = 0; bit < 8; bit++) expectCode(() => readFrame(flipped(bytes, index, 1 << bit)), "FRAME");
    }
  });

  it("rejects a wrong magic at its first wrong byte, before the rest is there", () => {
    expectCode(() => checkHeader(fromHex("cc"), 0, 1), "FRAME");
    expectCode(() => checkHeader(fromHex("cd aa"), 0, 2), "FRAME");
    checkHeader(fromHex("cd"), 0, 1);
    checkHeader(fromHex("cd ab"), 0, 2);
  });

  it("rejects another version at the third byte, and names the one that came", () => {
    for (const version of [0, 1, 3, 255]) {
      const error = expectCode(() => checkHeader(Uint8Array.of(0xcd, 0xab, version), 0, 3), "VERSION");
      expect(error.message).to.include(`version ${version}`);
    }
    checkHeader(fromHex("cd ab 02"), 0, 3);
  });

  it("rejects a length over 480 at the tenth byte, not before (§1)", () => {
    for (const length of ["e101", "ffff", "0002"]) {
      const header = fromHex(`cdab 02 05 00000000 ${length}`);
      checkHeader(header, 0, 9);
      expectCode(() => checkHeader(header, 0, 10), "FRAME");
    }
    checkHeader(fromHex("cdab 02 05 00000000 e001"), 0, 10);
  });

  it("judges a header in the middle of a buffer", () => {
    const buffer = fromHex("000000 cdab 02 05 00000000 0201");
    checkHeader(buffer, 3, 10);
    expect(payloadLength(buffer, 3)).to.equal(0x0102);
    expectCode(() => checkHeader(buffer, 2, 1), "FRAME");
  });
});

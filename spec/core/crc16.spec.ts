import { expect } from "chai";
import { crc16 } from "../../lib/core/crc16.js";
import { counted, flipped, utf8 } from "../support/core-bytes.js";

describe("crc16", () => {
  it("gives CRC-16/MODBUS's check value for 123456789 (§1)", () => {
    expect(crc16(utf8("123456789"))).to.equal(0x4b37);
  });

  it("gives the initial value for no bytes", () => {
    expect(crc16(new Uint8Array(0))).to.equal(0xffff);
  });

  it("looks at the given range only", () => {
    expect(crc16(utf8("..123456789.."), 2, 11)).to.equal(0x4b37);
  });

  it("continues from a CRC, wherever the bytes were cut", () => {
    const bytes = counted(50);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(crc16(bytes, cut, bytes.length, crc16(bytes, 0, cut))).to.equal(crc16(bytes));
    }
  });

  it("changes with every single bit", () => {
    const bytes = counted(20);
    const seen = new Set([crc16(bytes)]);
    for (let index = 0; index < bytes.length; index++) {
      for (let bit = 0; bit < 8; bit++) seen.add(crc16(flipped(bytes, index, 1 << bit)));
    }
    expect(seen.size).to.equal(1 + 8 * bytes.length);
  });
});

import { expect } from "chai";
import { crc16 } from "../../../lib/core/wire/crc16.js";
import { counted, flipped, utf8 } from "../../support/core-bytes.js";

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

  it("equals the definition's, bit by bit, for any bytes, length and start (§1)", () => {
    let state = 0x2545f491;
    const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16;
    for (let length = 0; length < 600; length++) {
      const bytes = Uint8Array.from({ length }, random);
      const begin = random() & 0xffff;
      let crc = begin;
      for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
      }
      expect(crc16(bytes, 0, length, begin), `${length} bytes from ${begin}`).to.equal(crc);
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

import { expect } from "chai";
import { concat, copyOf, readUint32, writeUint32 } from "../../../lib/core/wire/bytes.js";
import { counted, filled, NOTHING } from "../../support/core-bytes.js";

describe("bytes", () => {
  it("joins parts in a fresh array", () => {
    const part = counted(3);
    const joined = concat(part, NOTHING, filled(2, 9));
    part.fill(0);
    expect(joined).to.deep.equal(Uint8Array.of(0, 1, 2, 9, 9));
    expect(concat()).to.deep.equal(NOTHING);
  });

  it("copies a range, whole or to the end by default", () => {
    const bytes = counted(5);
    expect(copyOf(bytes)).to.deep.equal(bytes);
    expect(copyOf(bytes)).not.to.equal(bytes);
    expect(copyOf(bytes, 3)).to.deep.equal(Uint8Array.of(3, 4));
    expect(copyOf(bytes, 1, 3)).to.deep.equal(Uint8Array.of(1, 2));
  });

  it("copies out of a Buffer, too, whose slice() would be a view", () => {
    const buffer = Buffer.from(counted(5));
    const copy = copyOf(buffer, 1, 4);
    buffer.fill(0);
    expect(copy).to.deep.equal(Uint8Array.of(1, 2, 3));
    expect(copy.constructor).to.equal(Uint8Array);
  });

  it("writes and reads every unsigned 32-bit number, and touches four bytes only", () => {
    const bytes = new Uint8Array(6);
    for (const value of [0, 1, 0xff, 0x100, 0x8000_0000, 0xdead_beef, 0xffff_fffe, 0xffff_ffff]) {
      writeUint32(bytes, 1, value);
      expect(readUint32(bytes, 1)).to.equal(value);
      expect(new DataView(bytes.buffer).getUint32(1, true)).to.equal(value);
    }
    expect([bytes[0], bytes[5]]).to.deep.equal([0, 0]);
  });
});

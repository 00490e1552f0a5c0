import { expect } from "chai";
import { pooledRandomBytes } from "../../lib/crypto/random-pool.js";
import { toHex } from "../support/core-bytes.js";

describe("pooledRandomBytes", () => {
  it("gives any length, in an array of its own", () => {
    for (let length = 0; length <= 200; length++) {
      const bytes = pooledRandomBytes(length);
      expect([bytes.length, bytes.buffer.byteLength]).to.deep.equal([length, length]);
    }
  });

  it("gives nothing twice, across many fillings of the pool", () => {
    const seen = new Set<string>();
    const lengths = [16, 32, 64, 65, 12];
    for (let round = 0; round < 2_000; round++) seen.add(toHex(pooledRandomBytes(lengths[round % lengths.length]!)));
    expect(seen.size).to.equal(2_000);
  });

  it("gives no zeros that were wiped: every byte value comes about as often", () => {
    const counts = new Uint32Array(256);
    for (let round = 0; round < 4_000; round++) for (const byte of pooledRandomBytes(48)) counts[byte]!++;
    // 192,000 bytes: 750 of each on average, and seven standard deviations are 192.
    expect(Math.min(...counts)).to.be.above(550);
    expect(Math.max(...counts)).to.be.below(950);
  });
});

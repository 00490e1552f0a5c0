import { expect } from "chai";
import { copySecret, joinSecrets, secretBytes } from "../../lib/core/secret-bytes.js";

/** Whether nothing else lies in its memory, so that wiping it leaves none of it. */
function ownsItsMemory(bytes: Uint8Array): boolean {
  return bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.length;
}

describe("secret bytes", () => {
  it("are zeros at first, in memory of their own", () => {
    for (const length of [0, 1, 32, 64, 65]) {
      const bytes = secretBytes(length);
      expect([...bytes]).to.deep.equal(new Array(length).fill(0));
      expect(ownsItsMemory(bytes)).to.equal(true);
    }
  });

  it("are copied whole or in part, also from a Buffer, whose slice would be a view", () => {
    for (const given of [Uint8Array.of(1, 2, 3, 4), Buffer.of(0, 1, 2, 3, 4).subarray(1)]) {
      const copies = [copySecret(given), copySecret(given, 1), copySecret(given, 1, 3)];
      given.fill(9);
      expect(copies.map((copy) => [...copy])).to.deep.equal([
        [1, 2, 3, 4],
        [2, 3, 4],
        [2, 3],
      ]);
      expect(copies.map(ownsItsMemory)).to.deep.equal([true, true, true]);
    }
  });

  it("are joined in order, as a copy", () => {
    const parts = [Uint8Array.of(1, 2), new Uint8Array(0), Buffer.of(3)];
    const joined = joinSecrets(...parts);
    parts[0]!.fill(0);
    expect([...joined]).to.deep.equal([1, 2, 3]);
    expect(ownsItsMemory(joined)).to.equal(true);
  });
});

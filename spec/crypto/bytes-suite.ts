/** Random bytes, comparing, wiping, and what all results have in common, for every provider. */
import { expect } from "chai";
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { toHex } from "./vectors.js";

export function describeBytes(crypto: CryptoProvider): void {
  describe("bytes", () => {
    it("gives random bytes of the length asked for, other ones each time", () => {
      for (const length of [0, 1, 16, 32, 1000]) expect(crypto.randomBytes(length)).to.have.length(length);
      expect(toHex(crypto.randomBytes(16))).not.to.equal(toHex(crypto.randomBytes(16)));
    });

    it("gives as many as before after it was asked for no number of bytes", () => {
      for (const length of [NaN, -1, -100, Infinity, undefined, "16"]) {
        expect(() => crypto.randomBytes(length as number), String(length)).to.throw();
        const bytes = crypto.randomBytes(32);
        expect(bytes).to.have.length(32);
        expect(toHex(bytes), "wiped ones").not.to.contain("00000000");
      }
    });

    it("finds equal bytes equal", () => {
      expect(crypto.constantTimeEqual(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3))).to.equal(true);
      expect(crypto.constantTimeEqual(Uint8Array.of(1, 2, 3), Uint8Array.of(9, 1, 2, 3).subarray(1))).to.equal(true);
      expect(crypto.constantTimeEqual(new Uint8Array(0), new Uint8Array(0))).to.equal(true);
    });

    it("finds bytes unequal that differ in any one place", () => {
      const bytes = crypto.randomBytes(32);
      for (let index = 0; index < bytes.length; index++) {
        expect(crypto.constantTimeEqual(bytes, bytes.with(index, bytes[index]! ^ 1))).to.equal(false);
      }
    });

    it("finds bytes of different lengths unequal", () => {
      expect(crypto.constantTimeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).to.equal(false);
      expect(crypto.constantTimeEqual(Uint8Array.of(1), new Uint8Array(0))).to.equal(false);
      expect(crypto.constantTimeEqual(new Uint8Array(0), Uint8Array.of(0))).to.equal(false);
    });

    it("wipes exactly the bytes it is given", () => {
      const bytes = Uint8Array.of(1, 2, 3, 4, 5);
      crypto.wipe(bytes.subarray(1, 4));
      expect([...bytes]).to.deep.equal([1, 0, 0, 0, 5]);
      crypto.wipe(new Uint8Array(0));
    });

    it("returns plain Uint8Arrays, whose slices are copies", () => {
      const pair = crypto.generateKeyPair();
      const some = Uint8Array.of(1);
      for (const result of [
        pair.publicKey,
        pair.sharedSecret(crypto.generateKeyPair().publicKey)!,
        crypto.hmacSha256(some, some),
        crypto.hkdfSha256(some, some, some, 64),
        crypto.randomBytes(32),
      ]) {
        expect(Object.getPrototypeOf(result)).to.equal(Uint8Array.prototype);
      }
    });
  });
}

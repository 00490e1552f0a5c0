import { expect } from "chai";
import { isLowOrder } from "../../../lib/core/handshake/low-order.js";
import { counted, filled, toHex } from "../../support/core-bytes.js";
import { LOW_ORDER_KEYS } from "../../support/core-adversary.js";
import { crypto } from "../../support/core-crypto.js";

describe("isLowOrder", () => {
  it("knows every public key whose secret is zero, also with the bit that X25519 ignores", () => {
    expect(LOW_ORDER_KEYS).to.have.lengthOf(14);
    for (const key of LOW_ORDER_KEYS) {
      expect(isLowOrder(key), toHex(key)).to.equal(true);
      expect(crypto.generateKeyPair().sharedSecret(key), toHex(key)).to.equal(null);
    }
  });

  it("takes no other for one: those next to them, the base point, and fresh ones", () => {
    const neighbours = LOW_ORDER_KEYS.flatMap((key) =>
      [0, 15, 31].map((at) => Uint8Array.from(key, (byte, index) => (index === at ? byte ^ 0x10 : byte))),
    );
    const fresh = Array.from({ length: 20 }, () => crypto.generateKeyPair().publicKey);
    for (const key of [...neighbours, filled(32, 9), counted(32), ...fresh])
      expect(isLowOrder(key), toHex(key)).to.equal(false);
  });

  it("does not change the bytes it is lent", () => {
    const key = filled(32, 0xff);
    isLowOrder(key);
    expect(key).to.deep.equal(filled(32, 0xff));
  });
});

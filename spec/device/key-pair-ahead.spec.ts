import { expect } from "chai";
import type { CryptoProvider, KeyPair } from "../../lib/core/crypto-provider.js";
import { makeKeyPairAhead, takeKeyPair } from "../../lib/device/key-pair-ahead.js";
import { crypto } from "../support/core-crypto.js";
import { toHex } from "../support/core-bytes.js";

/** A provider of its own, and what it made. */
function counted(): { readonly provider: CryptoProvider; readonly made: KeyPair[] } {
  const made: KeyPair[] = [];
  const generateKeyPair = (): KeyPair => {
    const pair = crypto.generateKeyPair();
    made.push(pair);
    return pair;
  };
  return { provider: { ...crypto, generateKeyPair }, made };
}

describe("a device's key pair", () => {
  it("is made when it is needed, or ahead, once, and given out once", () => {
    const { provider, made } = counted();
    takeKeyPair(provider);
    expect(made).to.have.lengthOf(1);
    makeKeyPairAhead(provider);
    makeKeyPairAhead(provider);
    expect(made).to.have.lengthOf(2);
    expect(takeKeyPair(provider)).to.equal(made[1]);
    expect(takeKeyPair(provider)).to.equal(made[2]);
    const publicKeys = made.map(({ publicKey }) => toHex(publicKey));
    expect(new Set(publicKeys).size).to.equal(3);
  });

  it("comes from the provider that it is asked of", () => {
    const [one, other] = [counted(), counted()];
    makeKeyPairAhead(one.provider);
    expect(takeKeyPair(other.provider)).to.equal(other.made[0]);
    expect(takeKeyPair(one.provider)).to.equal(one.made[0]);
  });

  it("that cannot be made ahead is told to whoever takes it, nobody else", () => {
    let broken = true;
    const generateKeyPair = (): KeyPair => {
      if (broken) throw new Error("no randomness");
      return crypto.generateKeyPair();
    };
    const provider = { ...crypto, generateKeyPair };
    makeKeyPairAhead(provider);
    expect(() => takeKeyPair(provider)).to.throw("no randomness");
    broken = false;
    expect(takeKeyPair(provider).publicKey).to.have.lengthOf(32);
  });
});

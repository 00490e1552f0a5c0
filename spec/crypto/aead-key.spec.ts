import { expect } from "chai";
import { AeadKey } from "../../lib/crypto/aead-key.js";
import { expectUnprintable } from "./expectations.js";

describe("AeadKey", () => {
  it("overwrites its copy with zeros when it is wiped, and nobody else's", () => {
    const original = new Uint8Array(32).fill(7);
    const key = new AeadKey(original);
    const copy = key.bytes;
    key.wipe();
    expect(copy).to.deep.equal(new Uint8Array(32));
    expect(original).to.deep.equal(new Uint8Array(32).fill(7));
  });

  it("does not print", () => {
    const original = Uint8Array.from({ length: 32 }, (_, index) => index * 3);
    expectUnprintable(new AeadKey(original), original);
  });
});

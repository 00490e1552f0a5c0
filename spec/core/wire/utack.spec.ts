import { expect } from "chai";
import { bareUtack, isUtack, readUtack, sealedUtack } from "../../../lib/core/wire/utack.js";
import { concat } from "../../../lib/core/wire/bytes.js";
import { counted, fromHex, toHex } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";

const KEY = counted(32, 1);

describe("UTACK", () => {
  it("is AC AC, the type and the number, little-endian (§6)", () => {
    expect(toHex(bareUtack(2, 0x01020304))).to.equal("acac0204030201");
    expect(toHex(bareUtack(10, 0xffffffff))).to.equal("acac0affffffff");
  });

  it("carries the first 8 bytes of HMAC-SHA256 over those 7 for a session frame (§6, golden)", () => {
    expect(toHex(sealedUtack(crypto, KEY, 5, 7))).to.equal("acac0507000000" + "4079b9599a160b87");
  });

  it("is read back, with or without its MAC", () => {
    for (const bytes of [bareUtack(3, 9), sealedUtack(crypto, KEY, 5, 9)]) {
      expect(isUtack(bytes)).to.equal(true);
      expect(readUtack(bytes)).to.deep.equal({ type: bytes[2], seq: 9, bytes });
    }
  });

  it("has 7 or 15 bytes", () => {
    const sealed = sealedUtack(crypto, KEY, 5, 7);
    for (const length of [2, 6, 8, 14]) expect(readUtack(sealed.subarray(0, length)), `${length}`).to.equal(null);
    expect(readUtack(concat(sealed, Uint8Array.of(0)))).to.equal(null);
  });

  it("is distinguished from a frame by its first two bytes", () => {
    expect(isUtack(fromHex("cd ab 02"))).to.equal(false);
    expect(isUtack(fromHex("ac cd"))).to.equal(false);
    expect(isUtack(fromHex("ac"))).to.equal(false);
    expect(isUtack(fromHex(""))).to.equal(false);
  });
});

import { expect } from "chai";
import { toBytes } from "../../lib/session/message.js";

describe("toBytes", () => {
  it("takes text as UTF-8", () => {
    expect([...toBytes("aß€")]).to.deep.equal([0x61, 0xc3, 0x9f, 0xe2, 0x82, 0xac]);
    expect(toBytes("")).to.have.lengthOf(0);
  });

  it("takes bytes as they are, without a copy", () => {
    const bytes = Uint8Array.of(1, 2, 3).subarray(1);
    for (const given of [bytes, Buffer.from("x")]) {
      const taken = toBytes(given);
      expect([...taken]).to.deep.equal([...given]);
      given[0] = 9;
      expect(taken[0]).to.equal(9);
    }
  });

  it("takes an ArrayBuffer", () => {
    expect([...toBytes(Uint8Array.of(7, 8).buffer)]).to.deep.equal([7, 8]);
  });

  for (const [what, given] of [
    ["null", null],
    ["undefined", undefined],
    ["a number", 5],
    ["an array", [1, 2]],
    ["an object", {}],
    ["a DataView", new DataView(new ArrayBuffer(2))],
  ] as const) {
    it(`refuses ${what} with a TypeError that says what is allowed`, () => {
      expect(() => toBytes(given as never)).to.throw(TypeError, "give a string, a Uint8Array or an ArrayBuffer");
    });
  }
});

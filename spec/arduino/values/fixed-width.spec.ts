import { expect } from "chai";

import * as casts from "../../../lib/arduino/values/fixed-width.js";

describe("casts to a fixed width", () => {
  it("wraps as C does", () => {
    expect([casts.uint8_t(300), casts.uint8_t(-1), casts.int8_t(200)]).to.deep.equal([44, 255, -56]);
    expect([casts.uint16_t(65_537), casts.int16_t(40_000)]).to.deep.equal([1, -25_536]);
    expect([casts.uint32_t(-1), casts.int32_t(2 ** 31), casts.int(2 ** 32 + 5)]).to.deep.equal([
      4294967295, -2147483648, 5,
    ]);
    expect([casts.uint64_t(-1), casts.int64_t(2n ** 63n)]).to.deep.equal([2n ** 64n - 1n, -(2n ** 63n)]);
  });

  it("wraps the difference of two times over the end of millis", () => {
    expect(casts.uint32_t(100 - 4294967290)).to.equal(106);
  });

  it("cuts fractions off, toward zero", () => {
    expect([casts.int(3.9), casts.int(-3.9), casts.byte(255.9)]).to.deep.equal([3, -3, 255]);
  });

  it("is exact for numbers of any size", () => {
    expect([casts.uint32_t(2 ** 53 + 2), casts.int32_t(-1e300), casts.uint64_t(2 ** 70)]).to.deep.equal([2, 0, 0n]);
    expect([casts.int64_t(-3.9), casts.uint64_t("A"), casts.int64_t(NaN)]).to.deep.equal([-3n, 65n, 0n]);
  });

  it("takes chars, truth values and wide numbers", () => {
    expect([casts.int("A"), casts.uint8_t(true), casts.uint16_t(2n ** 40n + 7n)]).to.deep.equal([65, 1, 7]);
  });

  it("makes 0 of what is no number", () => {
    expect([casts.int(NaN), casts.uint8_t(Infinity)]).to.deep.equal([0, 0]);
  });
});

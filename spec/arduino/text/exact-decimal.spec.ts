import { expect } from "chai";

import { exponential, fixed, general } from "../../../lib/arduino/text/exact-decimal.js";

/** The expected texts are those of glibc 2.36's printf. */
describe("exact decimal", () => {
  it("rounds a tie to the even digit", () => {
    expect([0.5, 1.5, 2.5].map((value) => fixed(value, 0))).to.deep.equal(["0", "2", "2"]);
    expect([0.125, 0.375].map((value) => fixed(value, 2))).to.deep.equal(["0.12", "0.38"]);
    expect(exponential(25, 0)).to.equal("2e+01");
  });

  it("rounds the exact binary value", () => {
    expect(fixed(1.005, 2)).to.equal("1.00");
    expect(fixed(2.675, 2)).to.equal("2.67");
    expect(fixed(0.1, 20)).to.equal("0.10000000000000000555");
  });

  it("writes any size without an exponent", () => {
    expect(fixed(1e22, 1)).to.equal("10000000000000000000000.0");
    expect(fixed(5e-324, 3)).to.equal("0.000");
  });

  it("carries a rounding over a power of ten", () => {
    expect(exponential(9.99, 1)).to.equal("1.0e+01");
    expect(exponential(1e23, 20)).to.equal("9.99999999999999916114e+22");
    expect(exponential(1e23, 6)).to.equal("1.000000e+23");
  });

  it("writes zero", () => {
    expect([fixed(0, 2), exponential(0, 2), general(0, 6, false)]).to.deep.equal(["0.00", "0.00e+00", "0"]);
  });

  it("writes the smallest number", () => {
    expect(exponential(5e-324, 3)).to.equal("4.941e-324");
  });

  it("chooses the shorter form for %g", () => {
    expect([1e-5, 1e-4, 99999.5, 999999.5, 100000, 0].map((value) => general(value, 6, false))).to.deep.equal([
      "1e-05",
      "0.0001",
      "99999.5",
      "1e+06",
      "100000",
      "0",
    ]);
    expect([5.24276e-10, 6.46402e10, 1.5e20].map((value) => general(value, 6, false))).to.deep.equal([
      "5.24276e-10",
      "6.46402e+10",
      "1.5e+20",
    ]);
    expect(general(1, 6, true)).to.equal("1.00000");
    expect(general(123.456, 0, false)).to.equal("1e+02");
  });
});

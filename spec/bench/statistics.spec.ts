import { expect } from "chai";

import { median, quantile } from "../../bench/statistics.js";

describe("The bench's statistics", () => {
  it("takes the value in the middle, whatever the order", () => {
    expect(median([9, 1, 5])).to.equal(5);
  });

  it("takes the mean of the two in the middle of an even number", () => {
    expect(median([4, 1, 2, 100])).to.equal(3);
  });

  it("has no median of nothing", () => {
    expect(median([])).to.be.NaN;
  });

  it("gives the value below which a share of all lies", () => {
    const values = Array.from({ length: 100 }, (_, index) => 99 - index);
    expect([quantile(values, 0), quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)]).to.eql([
      0, 50, 99, 99,
    ]);
  });
});

import { expect } from "chai";

import { median, quantile } from "../../bench/statistics.js";

describe("The bench's statistics", () => {
  it("take the value in the middle, or the mean of the two in the middle", () => {
    expect([median([9, 1, 5]), median([4, 1, 2, 100])]).to.eql([5, 3]);
    expect(median([])).to.be.NaN;
  });

  it("give the value below which a share of all lies", () => {
    const values = Array.from({ length: 100 }, (_, index) => 99 - index);
    expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).to.eql([0, 50, 99, 99]);
  });
});

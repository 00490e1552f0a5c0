import { expect } from "chai";

import { isUsmpError } from "../../lib/errors.js";
import { SeededRandom } from "../../lib/transport/random.js";

describe("SeededRandom", () => {
  it("yields the numbers of mulberry32", () => {
    // Made by a Python transcription of the C original; the tests of unrelated public ports hold the same three.
    const random = new SeededRandom(1);
    expect([random, random, random].map((each) => Math.round(each.next() * 2 ** 32))).to.deep.equal([
      2_693_262_067, 11_749_833, 2_265_367_787,
    ]);
  });

  it("repeats itself for one seed and differs for another", () => {
    const draw = (seed: number): number[] => {
      const random = new SeededRandom(seed);
      return Array.from({ length: 20 }, () => random.below(1_000));
    };
    expect(draw(5)).to.deep.equal(draw(5));
    expect(draw(5)).to.not.deep.equal(draw(6));
  });

  it("stays within its bounds and reaches all of them", () => {
    const random = new SeededRandom(9);
    const seen = new Set(Array.from({ length: 1_000 }, () => random.below(4)));
    expect([...seen].sort()).to.deep.equal([0, 1, 2, 3]);
    expect(Array.from({ length: 100 }, () => random.chance(0))).to.not.include(true);
    expect(Array.from({ length: 100 }, () => random.chance(1))).to.not.include(false);
  });

  it("forks generators that do not disturb each other", () => {
    const one = new SeededRandom(3);
    const other = new SeededRandom(3);
    const fork = one.fork();
    for (let draws = 0; draws < 10; draws++) fork.next();
    other.fork();
    expect(one.next()).to.equal(other.next());
  });

  it("rejects a seed that is no 32-bit integer with INVALID_ARG", () => {
    for (const seed of [-1, 1.5, 2 ** 32, Number.NaN]) {
      expect(() => new SeededRandom(seed))
        .to.throw()
        .that.satisfies(isUsmpError)
        .with.property("code", "INVALID_ARG");
    }
  });
});

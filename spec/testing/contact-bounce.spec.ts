import { expect } from "chai";
import { bouncePauses } from "../../lib/testing/contact-bounce.js";
import { SeededRandom } from "../../lib/transport/random.js";

describe("testing/contact-bounce", () => {
  it("chatters an even number of times, within the time it was given", () => {
    for (let seed = 0; seed < 200; seed++) {
      const pauses = bouncePauses(new SeededRandom(seed), 5);
      const sum = pauses.reduce((total, pause) => total + pause, 0);
      expect(pauses.length % 2, `seed ${seed}`).to.equal(0);
      expect(pauses.length, `seed ${seed}`).to.be.within(2, 100);
      expect(sum, `seed ${seed}`).to.be.within(1, 5);
      expect(Math.min(...pauses), `seed ${seed}`).to.be.greaterThan(0);
    }
  });

  it("does not chatter where there is no time to", () => {
    expect(bouncePauses(new SeededRandom(1), 0)).to.deep.equal([]);
  });
});

import { expect } from "chai";
import fc from "fast-check";
import { TokenBucket } from "../../lib/core/token-bucket.js";

/** How many can be taken at `now`. */
function drain(bucket: TokenBucket, now: number): number {
  let taken = 0;
  while (bucket.tryTake(now)) taken++;
  return taken;
}

describe("TokenBucket", () => {
  it("begins full, with its burst and no more", () => {
    expect(drain(new TokenBucket({ perSecond: 50, burst: 200 }, 1_000), 1_000)).to.equal(200);
  });

  it("gets its rate back, up to the burst", () => {
    const bucket = new TokenBucket({ perSecond: 50, burst: 200 }, 0);
    drain(bucket, 0);
    expect(drain(bucket, 1_000)).to.equal(50);
    expect(drain(bucket, 3_000)).to.equal(100);
    expect(drain(bucket, 1_000_000)).to.equal(200);
  });

  it("has one token as soon as it is whole, not before", () => {
    const bucket = new TokenBucket({ perSecond: 4, burst: 1 }, 0);
    drain(bucket, 0);
    expect([bucket.canTake(249), bucket.canTake(250)]).to.deep.equal([false, true]);
  });

  it("loses nothing to being asked often", () => {
    const bucket = new TokenBucket({ perSecond: 4, burst: 1 }, 0);
    drain(bucket, 0);
    for (let now = 1; now < 250; now++) expect(bucket.canTake(now)).to.equal(false);
    expect(bucket.canTake(251)).to.equal(true);
  });

  it("keeps its token if it is only asked", () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 0);
    expect([bucket.canTake(0), bucket.canTake(0), drain(bucket, 0)]).to.deep.equal([true, true, 1]);
  });

  it("never gives more than its burst and its rate allow, over any time", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 40 }),
        (perSecond, burst, waits) => {
          const bucket = new TokenBucket({ perSecond, burst }, 0);
          let [now, taken] = [0, 0];
          for (const wait of waits) taken += drain(bucket, (now += wait));
          expect(taken).to.be.at.most(burst + (now / 1_000) * perSecond + 1e-6);
        },
      ),
      { seed: 26 },
    );
  });

  it("keeps what is credited beyond the burst until it is taken", () => {
    const bucket = new TokenBucket({ perSecond: 8, burst: 64, tokens: 8 }, 0);
    expect(drain(bucket, 0)).to.equal(8);
    bucket.credit(360);
    expect(drain(bucket, 3_600_000)).to.equal(360);
    expect(drain(bucket, 3_601_000)).to.equal(8);
    expect(drain(bucket, 7_200_000)).to.equal(64);
  });

  it("gives nothing for a rate of 0", () => {
    expect(drain(new TokenBucket({ perSecond: 0 }, 0), 1_000_000)).to.equal(0);
  });
});

import { expect } from "chai";
import fc from "fast-check";
import { TokenBucket, TokenBuckets } from "../../../lib/gateway/admission/token-bucket.js";

/** How many can be taken at `now`. */
function drain(bucket: TokenBucket, now: number): number {
  let taken = 0;
  for (; bucket.has(now); bucket.take()) taken++;
  return taken;
}

describe("TokenBucket", () => {
  it("begins full, with its burst and no more", () => {
    expect(drain(new TokenBucket(50, 200, 1_000), 1_000)).to.equal(200);
  });

  it("gets its rate back, up to the burst", () => {
    const bucket = new TokenBucket(50, 200, 0);
    drain(bucket, 0);
    expect(drain(bucket, 1_000)).to.equal(50);
    expect(drain(bucket, 3_000)).to.equal(100);
    expect(drain(bucket, 1_000_000)).to.equal(200);
  });

  it("has one token as soon as it is whole, not before", () => {
    const bucket = new TokenBucket(4, 1, 0);
    drain(bucket, 0);
    expect([bucket.has(249), bucket.has(250)]).to.deep.equal([false, true]);
  });

  it("loses nothing to being asked often", () => {
    const bucket = new TokenBucket(4, 1, 0);
    drain(bucket, 0);
    for (let now = 1; now < 250; now++) expect(bucket.has(now)).to.equal(false);
    expect(bucket.has(251)).to.equal(true);
  });

  it("keeps its token where it is only asked", () => {
    const bucket = new TokenBucket(1, 1, 0);
    expect([bucket.has(0), bucket.has(0), drain(bucket, 0)]).to.deep.equal([true, true, 1]);
  });

  it("never gives more than its burst and its rate allow, over any time", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 40 }),
        (perSecond, burst, waits) => {
          const bucket = new TokenBucket(perSecond, burst, 0);
          let [now, taken] = [0, 0];
          for (const wait of waits) taken += drain(bucket, (now += wait));
          expect(taken).to.be.at.most(burst + (now / 1_000) * perSecond + 1e-6);
        },
      ),
      { seed: 26 },
    );
  });
});

describe("TokenBuckets", () => {
  it("have one for each, which they keep", () => {
    const buckets = new TokenBuckets(1, 3, 8);
    expect(drain(buckets.of("a", 0), 0)).to.equal(3);
    expect(drain(buckets.of("a", 0), 0)).to.equal(0);
    expect(drain(buckets.of("b", 0), 0)).to.equal(3);
  });

  it("give whom they forgot a full one, and forget last who came last", () => {
    const buckets = new TokenBuckets(1, 3, 2);
    for (const who of ["a", "b"]) drain(buckets.of(who, 0), 0);
    buckets.of("a", 0);
    drain(buckets.of("c", 0), 0);
    expect(drain(buckets.of("a", 0), 0), "a came again").to.equal(0);
    expect(drain(buckets.of("b", 0), 0), "b was forgotten").to.equal(3);
  });
});

import { expect } from "chai";
import { RecentlySeen } from "../../../lib/gateway/admission/recently-seen.js";

describe("RecentlySeen", () => {
  it("knows who was noted for so long, and not a millisecond longer", () => {
    const seen = new RecentlySeen(1_000, 8);
    seen.note("a", 5_000);
    expect([seen.has("a", 5_000), seen.has("a", 5_999), seen.has("a", 6_000)]).to.deep.equal([true, true, false]);
    expect(seen.has("b", 5_000)).to.equal(false);
  });

  it("begins anew where one is noted again", () => {
    const seen = new RecentlySeen(1_000, 8);
    seen.note("a", 0);
    seen.note("a", 900);
    expect([seen.has("a", 1_899), seen.has("a", 1_900)]).to.deep.equal([true, false]);
  });

  it("forgets at once where it remembers for 0 ms", () => {
    const seen = new RecentlySeen(0, 8);
    seen.note("a", 7);
    expect(seen.has("a", 7)).to.equal(false);
  });

  it("forgets first who was noted longest ago where there are too many", () => {
    const seen = new RecentlySeen(1_000, 2);
    for (const who of ["a", "b", "a", "c"]) seen.note(who, 0);
    expect(["a", "b", "c"].filter((who) => seen.has(who, 1))).to.deep.equal(["a", "c"]);
  });
});

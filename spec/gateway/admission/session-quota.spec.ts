import { expect } from "chai";
import { SessionQuota } from "../../../lib/gateway/admission/session-quota.js";

/** Takes a place where there is one. */
function tryEnter(places: SessionQuota, address: string): boolean {
  const hasRoom = places.hasRoom(address);
  if (hasRoom) places.enter(address);
  return hasRoom;
}

describe("SessionQuota", () => {
  it("has as many places as there are, in all", () => {
    const places = new SessionQuota(2, 9);
    expect(["a", "b", "c"].map((address) => tryEnter(places, address))).to.deep.equal([true, true, false]);
  });

  it("has as many places as one address may have", () => {
    const places = new SessionQuota(9, 2);
    expect(["a", "a", "a", "b"].map((address) => tryEnter(places, address))).to.deep.equal([true, true, false, true]);
  });

  it("has a place again that was given back", () => {
    const places = new SessionQuota(2, 1);
    places.enter("a");
    places.enter("b");
    places.release("a");
    expect(["b", "a", "c"].map((address) => tryEnter(places, address))).to.deep.equal([false, true, false]);
  });
});

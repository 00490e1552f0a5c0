import { expect } from "chai";
import { TurnPace } from "../../../lib/arduino/sketch/turn-pace.js";

describe("arduino/sketch/turn-pace", () => {
  it("has the next turn due a while after the last one began, or at once", () => {
    const pace = new TurnPace(2);
    expect(pace.dueIn(5)).to.equal(0);
    pace.started(5);
    expect(pace.dueIn(5.25)).to.equal(1.75);
    expect(pace.dueIn(9)).to.equal(0);
  });

  it("lets a few turns hurry after a pause, and then one a millisecond", () => {
    const pace = new TurnPace(2);
    pace.started(1_000);
    let hurried = 0;
    for (let now = 1_000; now < 2_000; now += pace.hurriedIn(now) || 0.125) {
      if (pace.hurriedIn(now) > 0) continue;
      pace.started(now);
      hurried++;
    }
    expect(hurried).to.be.within(1_000, 1_011);
  });
});

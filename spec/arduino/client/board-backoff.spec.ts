import { expect } from "chai";
import { BoardBackoff } from "../../../lib/arduino/client/board-backoff.js";

/** A backoff, and the time that it sees. */
function backoffAt(startMs: number): { readonly backoff: BoardBackoff; time: number } {
  const clock = { time: startMs };
  return Object.assign(clock, { backoff: new BoardBackoff(() => clock.time >>> 0) });
}

describe("BoardBackoff", () => {
  it("tries again at once after a loss, where the last time is 2 s ago", () => {
    const { backoff } = backoffAt(60_000);
    backoff.established();
    expect(backoff.nextDelayMs()).to.equal(0);
  });

  it("waits until 2 s after the last time, and at first after the board's start", () => {
    const rig = backoffAt(500);
    rig.backoff.established();
    expect(rig.backoff.nextDelayMs()).to.equal(1_500);
    rig.time = 2_700;
    rig.backoff.established();
    expect(rig.backoff.nextDelayMs()).to.equal(1_300);
  });

  it("doubles with each attempt that fails, up to 32 s, and starts over with a session", () => {
    const rig = backoffAt(100_000);
    rig.backoff.established();
    rig.backoff.nextDelayMs();
    const delays: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      delays.push(rig.backoff.nextDelayMs());
      rig.time += delays.at(-1)!;
    }
    expect(delays).to.deep.equal([4_000, 8_000, 16_000, 32_000, 32_000, 32_000]);
    rig.backoff.established();
    rig.time += 500;
    expect(rig.backoff.nextDelayMs()).to.equal(1_500);
  });

  it("counts what an attempt itself took", () => {
    const rig = backoffAt(100_000);
    rig.backoff.established();
    rig.backoff.nextDelayMs();
    rig.time += 10_000;
    expect(rig.backoff.nextDelayMs()).to.equal(0);
  });

  it("goes on where millis() begins anew", () => {
    const rig = backoffAt(2 ** 32 - 1_000);
    rig.backoff.established();
    rig.backoff.nextDelayMs();
    rig.time += 1_500;
    rig.backoff.established();
    expect(rig.backoff.nextDelayMs()).to.equal(500);
  });
});

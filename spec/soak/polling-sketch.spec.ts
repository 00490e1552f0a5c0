import { expect } from "chai";
import { millis, runSketch } from "../../lib/arduino/index.js";

const SECONDS = 2;

describe("arduino/sketch/run-sketch, a loop that only polls", function () {
  this.timeout(60_000);

  it("takes at most 1,000 turns a second, and little of a core", async () => {
    const stop = new AbortController();
    let turns = 0;
    const running = runSketch({ loop: () => void (turns += millis() >= 0 ? 1 : 0) }, { signal: stop.signal });
    const pass = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    await pass(1);
    turns = 0;
    const before = process.cpuUsage();
    const since = performance.now();
    await pass(SECONDS);
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - since) / 1_000;
    stop.abort();
    await running;
    expect(turns / seconds).to.be.within(200, 1_010);
    // 5% is what is promised on an idle machine.
    expect((user + system) / 1e6 / seconds).to.be.below(0.1);
  });
});

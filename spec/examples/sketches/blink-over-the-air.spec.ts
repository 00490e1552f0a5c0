import { expect } from "chai";
import blinkOverTheAir from "../../../examples/sketches/blink-over-the-air/blink-over-the-air.js";
import { LED_BUILTIN } from "../../../lib/arduino/index.js";
import { ask, backOnline, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

/** How long the LED stayed as it was, before each of its changes since `fromMs`. */
function pauses({ board }: Bench, fromMs = 0): number[] {
  const times = board.outputs(LED_BUILTIN).map(({ atMs }) => atMs);
  return times.slice(1).flatMap((atMs, index) => (times[index]! >= fromMs ? [atMs - times[index]!] : []));
}

describe("the sketch blink-over-the-air", () => {
  let bench: Bench;

  afterEach(() => stopSketch(bench));

  it("blinks every 500 ms from the start, and says so", async () => {
    bench = await startSketch(blinkOverTheAir, { board: EVEN });
    expect(await bench.gateway.next()).to.equal("blink 500");
    await bench.board.advance(5_000);
    expect(pauses(bench)).to.deep.equal(Array(9).fill(500));
  });

  it("goes on evenly when millis() wraps after 49.7 days", async () => {
    bench = await startSketch(blinkOverTheAir, { board: { ...EVEN, startMillis: 2 ** 32 - 1_200 } });
    await bench.gateway.next();
    await bench.board.advance(5_000);
    expect(pauses(bench)).to.deep.equal(Array(9).fill(500));
  });

  it("obeys the gateway at once", async () => {
    bench = await startSketch(blinkOverTheAir, { board: EVEN });
    await bench.gateway.next();
    expect(await ask(bench, "on")).to.equal("on");
    expect(bench.board.output(LED_BUILTIN)).to.equal(1);
    expect(await ask(bench, "off\n")).to.equal("off");
    expect(bench.board.output(LED_BUILTIN)).to.equal(0);
    await bench.board.advance(3_000);
    expect(bench.board.output(LED_BUILTIN)).to.equal(0);

    const fromMs = bench.board.clock.now();
    expect(await ask(bench, "blink 40")).to.equal("blink 40");
    await bench.board.advance(1_000);
    expect(pauses(bench, fromMs).slice(0, 20)).to.deep.equal(Array(20).fill(40));
  });

  for (const [message, answer] of [
    ["blink 19", "ERR blink takes 20 to 10000 milliseconds"],
    ["blink fast", "ERR blink takes 20 to 10000 milliseconds"],
    ["blink 10001", "ERR blink takes 20 to 10000 milliseconds"],
    ["dance", "ERR unknown: dance"],
  ] as const) {
    it(`refuses "${message}", and blinks on as before`, async () => {
      bench = await startSketch(blinkOverTheAir, { board: EVEN });
      await bench.gateway.next();
      expect(await ask(bench, message)).to.equal(answer);
      await bench.board.advance(3_000);
      expect(pauses(bench)).to.deep.equal(Array(5).fill(500));
    });
  }

  it("takes the shortest and the longest blink", async () => {
    bench = await startSketch(blinkOverTheAir, { board: EVEN });
    await bench.gateway.next();
    expect(await ask(bench, "blink 20")).to.equal("blink 20");
    expect(await ask(bench, "blink 10000")).to.equal("blink 10000");
  });

  it("misses no beat while the network is lost, and tells its state when it is back", async () => {
    bench = await startSketch(blinkOverTheAir, { board: EVEN });
    await bench.gateway.next();
    await ask(bench, "blink 100");
    const fromMs = bench.board.clock.now();
    await goOffline(bench);
    expect(await backOnline(bench)).to.equal("blink 100");
    expect(new Set(pauses(bench, fromMs))).to.deep.equal(new Set([100]));
  });

  it("tells its state to a gateway that was restarted", async () => {
    bench = await startSketch(blinkOverTheAir, { board: EVEN });
    await bench.gateway.next();
    await ask(bench, "on");
    await bench.gateway.restart();
    expect(await bench.gateway.next()).to.equal("on");
  });

  it("waits for a gateway that is away at the start, and says why", async () => {
    bench = await startSketch(blinkOverTheAir, { board: EVEN, prepare: ({ gateway }) => gateway.loseNetwork() });
    await bench.gateway.expectNothing(60_000);
    expect(bench.board.serial.text).to.match(/^no session: \w+: .*\n/);
    expect(await backOnline(bench)).to.equal("blink 500");
  });
});

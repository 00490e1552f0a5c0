import { expect } from "chai";
import deepSleepSensor from "../../../examples/sketches/deep-sleep-sensor/deep-sleep-sensor.js";
import { type Bench, startSketch, stopSketch } from "../../support/sketch-bench.js";

const PROBE_PIN = 34;
const SUPPLY_PIN = 25;

describe("the sketch deep-sleep-sensor", () => {
  let bench: Bench;

  /** What the next wake sends; time goes on until it does. */
  const nextWake = (): Promise<string> => bench.gateway.next({ withinMs: 200_000 });

  beforeEach(async () => {
    // The probe says nothing without its supply.
    bench = await startSketch(deepSleepSensor, {
      prepare: ({ board }) => board.setAnalog(PROBE_PIN, () => (board.output(SUPPLY_PIN) === 1 ? 2048 : 0)),
    });
  });

  afterEach(() => stopSketch(bench));

  it("measures, sends, and sleeps for a minute", async () => {
    expect(await nextWake()).to.equal("1,1650\n");
    bench.gateway.send("ok");
    await bench.board.advanceUntil(() => bench.board.state === "sleeping");
    const asleepMs = bench.board.clock.now();
    expect(asleepMs).to.be.below(200);
    await bench.board.advanceUntil(() => bench.board.lives === 2, { withinMs: 100_000 });
    expect(bench.board.clock.now() - asleepMs).to.be.closeTo(60_000, 5);
  });

  it("supplies the probe only while it reads it", async () => {
    await nextWake();
    expect(bench.board.outputs(SUPPLY_PIN)).to.deep.equal([
      { atMs: 0, value: 1 },
      { atMs: 20, value: 0 },
    ]);
  });

  it("is a new life in each wake, and counts on in RTC memory", async () => {
    for (let wake = 1; wake <= 10; wake++) {
      expect(await nextWake()).to.equal(`${wake},1650\n`);
      bench.gateway.send("ok");
    }
    expect(bench.board.lives).to.equal(10);
  });

  it("waits 2 seconds for an answer, and sends again in the next wake what had none", async () => {
    expect(await nextWake()).to.equal("1,1650\n");
    expect(await bench.board.advanceUntil(() => bench.board.state === "sleeping")).to.be.closeTo(2_050, 10);
    expect(await nextWake()).to.equal("1,1650\n2,1650\n");
    bench.gateway.send("ok");
    expect(await nextWake()).to.equal("3,1650\n");
  });

  it("sleeps as long as the gateway says, within its bounds", async () => {
    await nextWake();
    bench.gateway.send("ok 120");
    const fromMs = bench.board.clock.now();
    expect(await nextWake()).to.equal("2,1650\n");
    expect(bench.board.clock.now() - fromMs).to.be.within(120_000, 120_200);
    for (const [answer, seconds] of [
      ["ok 9", 120],
      ["ok 86401", 120],
      ["ok 10", 10],
    ] as const) {
      bench.gateway.send(answer);
      const laterMs = bench.board.clock.now();
      await nextWake();
      expect(bench.board.clock.now() - laterMs, answer).to.be.closeTo(seconds * 1_000, 200);
    }
  });

  it("keeps its readings through a night without network, the newest 48", async () => {
    await nextWake();
    bench.gateway.send("ok");
    bench.gateway.loseNetwork();
    await bench.board.advanceUntil(() => bench.board.lives === 61, { withinMs: 10_000_000 });
    bench.gateway.restoreNetwork();
    const lines = (await nextWake()).trimEnd().split("\n");
    expect(lines).to.have.length(48);
    const wakes = lines.map((line) => Number(line.split(",")[0]));
    expect(wakes[47]! - wakes[0]!).to.equal(47);
    expect(wakes[47]).to.be.within(61, 62);
  });

  it("spends one attempt where the key is refused, and sleeps", async () => {
    await nextWake();
    bench.gateway.send("ok");
    bench.gateway.refuseKey();
    await bench.board.advanceUntil(() => bench.board.lives === 3, { withinMs: 200_000 });
    expect(bench.board.serial.text).to.match(/^no session: AUTH: .*, 1 readings wait\n$/);
    bench.gateway.acceptKey();
    expect(await nextWake()).to.match(/^2,1650\n3,1650\n/);
  });

  it("starts over after a power cut, which RTC memory does not survive", async () => {
    await nextWake();
    await nextWake();
    bench.board.cutPower();
    await bench.board.start(deepSleepSensor);
    expect(await nextWake()).to.equal("1,1650\n");
  });
});

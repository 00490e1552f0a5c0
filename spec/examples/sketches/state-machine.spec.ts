import { expect } from "chai";
import stateMachine from "../../../examples/sketches/state-machine/state-machine.js";
import { ask, backOnline, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

const LIGHTS = { red: 25, amber: 26, green: 27, walk: 32 } as const;
const BUTTON_PIN = 4;

describe("the sketch state-machine", () => {
  let bench: Bench;

  const lights = (): string =>
    Object.entries(LIGHTS)
      .filter(([, pin]) => bench.board.output(pin) === 1)
      .map(([name]) => name)
      .join("+");

  /** What the gateway is told, each with its time. */
  async function history(count: number): Promise<[string, number][]> {
    const told: [string, number][] = [];
    for (let index = 0; index < count; index++) {
      told.push([await bench.gateway.next({ withinMs: 20_000 }), Math.round(bench.board.clock.now() / 100) / 10]);
    }
    return told;
  }

  afterEach(() => stopSketch(bench));

  it("begins with red, and lets the cars go until somebody wants to walk", async () => {
    bench = await startSketch(stateMachine, { board: EVEN });
    expect(lights()).to.equal("red");
    expect(await history(2)).to.deep.equal([
      ["clearing", 0],
      ["cars go", 4],
    ]);
    await bench.gateway.expectNothing(120_000);
    expect(lights()).to.equal("green");
  });

  it("lets a button that bounces stop the cars, 10 seconds of green at least", async () => {
    bench = await startSketch(stateMachine, { board: EVEN });
    await history(2);
    await bench.board.advance(2_000);
    await bench.board.press(BUTTON_PIN, { holdMs: 200, bounceMs: 8 });
    expect(lights()).to.equal("green");
    expect(await history(4)).to.deep.equal([
      ["cars stopping", 14],
      ["walk", 17],
      ["clearing", 25],
      ["cars go", 29],
    ]);
    await bench.gateway.expectNothing(60_000);
  });

  it("never shows green to both, nor lets anybody go before the amber light", async () => {
    bench = await startSketch(stateMachine, { board: EVEN });
    const seen: string[] = [];
    bench.board.setInput(BUTTON_PIN, 0);
    for (let tenth = 0; tenth < 600; tenth++) {
      await bench.board.advance(100);
      if (seen.at(-1) !== lights()) seen.push(lights());
    }
    expect(seen.slice(0, 4)).to.deep.equal(["red+walk", "red", "red+walk", "red"]); // the first clearing flashes
    expect(new Set(seen)).to.deep.equal(new Set(["red+walk", "red", "green", "amber"]));
    const goes = seen.filter((lit) => !lit.startsWith("red"));
    expect(goes.join(" ")).to.match(/^(green amber ?)+(green)?$/);
  });

  it("walks when the gateway says so", async () => {
    bench = await startSketch(stateMachine, { board: EVEN });
    await history(2);
    await bench.board.advance(15_000);
    expect(await ask(bench, "walk")).to.equal("cars stopping");
  });

  it("flashes amber at night, and comes back over red", async () => {
    bench = await startSketch(stateMachine, { board: EVEN });
    await history(2);
    expect(await ask(bench, "night")).to.equal("night");
    const before = bench.board.outputs(LIGHTS.amber).length;
    await bench.board.advance(10_000);
    expect(bench.board.outputs(LIGHTS.amber).length - before).to.equal(20);
    expect(await ask(bench, "day")).to.equal("clearing");
    expect(lights()).to.contain("red");
  });

  it("works without a gateway from the start", async () => {
    bench = await startSketch(stateMachine, { board: EVEN, prepare: ({ gateway }) => gateway.loseNetwork() });
    await bench.board.advance(20_000);
    await bench.board.press(BUTTON_PIN);
    await bench.board.advance(15_000);
    const times = (pin: number): number[] => bench.board.outputs(pin).map(({ atMs }) => atMs);
    const [, amberOn, amberOff] = times(LIGHTS.amber);
    expect(times(LIGHTS.green).slice(1, 3)).to.deep.equal([4_000, amberOn]);
    expect(amberOff! - amberOn!).to.equal(3_000);
  });

  it("keeps the night through a lost network, and tells it to the gateway when it is back", async () => {
    bench = await startSketch(stateMachine, { board: EVEN });
    await history(2);
    await ask(bench, "night");
    await goOffline(bench);
    expect(await backOnline(bench)).to.equal("night");
  });
});

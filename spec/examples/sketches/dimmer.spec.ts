import { expect } from "chai";
import dimmer from "../../../examples/sketches/dimmer/dimmer.js";
import { ask, backOnline, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";

const LED_PIN = 25;

describe("the sketch dimmer", () => {
  let bench: Bench;

  const duties = (): number[] => bench.board.outputs(LED_PIN).map(({ value }) => value);

  beforeEach(async () => {
    bench = await startSketch(dimmer);
    expect(await bench.gateway.next()).to.equal("at 0");
  });

  afterEach(() => stopSketch(bench));

  it("is dark at its first start", () => {
    expect(bench.board.output(LED_PIN)).to.equal(0);
  });

  it("fades in a second, upwards only, and says where it is", async () => {
    bench.gateway.send("to 100");
    const fromMs = bench.board.clock.now();
    expect(await bench.gateway.next()).to.equal("at 100");
    expect(bench.board.clock.now() - fromMs).to.be.within(1_000, 1_022);
    expect(bench.board.output(LED_PIN)).to.equal(255);
    expect(duties()).to.have.length.within(40, 51);
    expect(duties()).to.deep.equal([...duties()].sort((a, b) => a - b));
  });

  it("looks even: half is an eighth of the light, and 1 percent is not dark", async () => {
    bench.gateway.send("to 50 0");
    await bench.gateway.next();
    expect(bench.board.output(LED_PIN)).to.equal(31);
    bench.gateway.send("to 1 0");
    await bench.gateway.next();
    expect(bench.board.output(LED_PIN)).to.equal(1);
  });

  it("takes its time where the gateway says so", async () => {
    bench.gateway.send("to 100 60000");
    await bench.board.advance(30_000);
    expect(await ask(bench, "state")).to.be.oneOf(["at 49", "at 50"]);
    expect(await bench.gateway.next({ withinMs: 31_000 })).to.equal("at 100");
  });

  it("turns from where it is when it is told another level on its way", async () => {
    bench.gateway.send("to 100");
    await bench.board.advance(500);
    const before = duties().length;
    bench.gateway.send("to 0");
    expect(await bench.gateway.next()).to.equal("at 0");
    const back = duties().slice(before);
    expect(back[0]).to.be.within(20, 40);
    expect(back).to.deep.equal([...back].sort((a, b) => b - a));
  });

  for (const message of ["to 101", "to", "to -5", "to 5 600001", "up", " "]) {
    it(`refuses "${message}"`, async () => {
      expect(await ask(bench, message)).to.equal("ERR to takes 0 to 100, and milliseconds");
      expect(bench.board.output(LED_PIN)).to.equal(0);
    });
  }

  it("comes back after a power cut at the level that it had, or was on its way to", async () => {
    bench.gateway.send("to 100 10000");
    await bench.board.advance(3_000);
    bench.board.cutPower();
    await bench.board.start(dimmer);
    expect(bench.board.output(LED_PIN)).to.equal(255);
    expect(await bench.gateway.next()).to.equal("at 100");
  });

  it("ends its fade while the network is lost, and tells where it is when it is back", async () => {
    bench.gateway.send("to 80 20000");
    await bench.board.advance(100);
    await goOffline(bench);
    expect(bench.board.output(LED_PIN)).to.equal(130);
    expect(await backOnline(bench)).to.equal("at 80");
  });
});

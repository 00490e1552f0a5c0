import { expect } from "chai";
import debouncedButton from "../../../examples/sketches/debounced-button/debounced-button.js";
import { backOnline, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";

const BUTTON_PIN = 0;
const bounceMs = 8;

describe("the sketch debounced-button", () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startSketch(debouncedButton);
    await bench.board.advance(100);
  });

  afterEach(() => stopSketch(bench));

  it("tells a press once, however the contact bounces", async () => {
    await bench.board.press(BUTTON_PIN, { holdMs: 80, bounceMs });
    expect(await bench.gateway.next()).to.equal("button");
    await bench.gateway.expectNothing(2_000);
  });

  it("tells many presses, each once", async () => {
    for (let index = 0; index < 50; index++) {
      await bench.board.press(BUTTON_PIN, { holdMs: 60 + index, bounceMs });
      expect(await bench.gateway.next()).to.equal("button");
    }
    await bench.gateway.expectNothing(2_000);
  });

  it("takes two presses within 300 ms as one double press", async () => {
    await bench.board.press(BUTTON_PIN, { holdMs: 80, bounceMs });
    await bench.board.advance(150);
    await bench.board.press(BUTTON_PIN, { holdMs: 80, bounceMs });
    expect(await bench.gateway.next()).to.equal("double");
    await bench.gateway.expectNothing(2_000);
  });

  it("takes two presses with a longer pause as two", async () => {
    await bench.board.press(BUTTON_PIN, { holdMs: 80, bounceMs });
    await bench.board.advance(400);
    await bench.board.press(BUTTON_PIN, { holdMs: 80, bounceMs });
    expect([await bench.gateway.next(), await bench.gateway.next()]).to.deep.equal(["button", "button"]);
  });

  it("tells a long press while it is still held, and nothing on its release", async () => {
    const fromMs = bench.board.clock.now();
    bench.board.setInput(BUTTON_PIN, 0);
    expect(await bench.gateway.next()).to.equal("long");
    expect(bench.board.clock.now() - fromMs).to.be.within(830, 840);
    bench.board.setInput(BUTTON_PIN, null);
    await bench.gateway.expectNothing(2_000);
  });

  it("takes spikes that are shorter than 30 ms for noise", async () => {
    for (let index = 0; index < 20; index++) {
      await bench.board.press(BUTTON_PIN, { holdMs: 20 });
      await bench.board.advance(50);
    }
    await bench.gateway.expectNothing(2_000);
  });

  it("counts what was pressed without a session, and tells the number only", async () => {
    await goOffline(bench);
    await bench.board.press(BUTTON_PIN, { holdMs: 80, bounceMs });
    await bench.board.advance(1_000);
    await bench.board.press(BUTTON_PIN, { holdMs: 1_000, bounceMs });
    await bench.board.advance(1_000);
    expect(await backOnline(bench)).to.equal("missed 2");
    await bench.board.press(BUTTON_PIN, { holdMs: 80, bounceMs });
    expect(await bench.gateway.next()).to.equal("button");
  });
});

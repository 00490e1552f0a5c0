import { expect } from "chai";
import rotaryEncoder from "../../../examples/sketches/rotary-encoder/rotary-encoder.js";
import { backOnline, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";

const A_PIN = 32;
const B_PIN = 33;
const BUTTON_PIN = 25;

/** A and B of an encoder, turned clockwise: both open in a detent, A closes first. */
const CYCLE = [
  [1, 1],
  [0, 1],
  [0, 0],
  [1, 0],
] as const;

describe("the sketch rotary-encoder", () => {
  let bench: Bench;
  let phase: number;

  beforeEach(async () => {
    phase = 0;
    bench = await startSketch(rotaryEncoder);
    expect(await bench.gateway.next()).to.equal("position 0");
  });

  afterEach(() => stopSketch(bench));

  /** Turns by so many detents, clockwise above 0; each has four edges. A contact that changes chatters first. */
  async function turn(detents: number, { edgeMs = 5, chatter = 0 } = {}): Promise<void> {
    for (let edge = 0; edge < Math.abs(detents) * 4; edge++) {
      const before = CYCLE[phase]!;
      phase = (phase + Math.sign(detents) + 4) % 4;
      const after = CYCLE[phase]!;
      for (let times = 0; times < chatter; times++) {
        put(after);
        put(before);
      }
      put(after);
      if (edgeMs > 0) await bench.board.advance(edgeMs);
    }
  }

  function put([a, b]: (typeof CYCLE)[number]): void {
    bench.board.setInput(A_PIN, a);
    bench.board.setInput(B_PIN, b);
  }

  /** What the gateway knows in the end. */
  async function told(): Promise<string> {
    await bench.board.advance(200);
    return bench.gateway.messages.at(-1)!.text;
  }

  it("counts detents both ways", async () => {
    await turn(3);
    expect(await told()).to.equal("position 3");
    await turn(-5);
    expect(await told()).to.equal("position -2");
  });

  it("counts edges that come faster than loop() turns", async () => {
    await turn(200, { edgeMs: 0 });
    expect(await told()).to.equal("position 200");
  });

  it("counts right however the contacts chatter", async () => {
    await turn(20, { chatter: 5 });
    await turn(-8, { chatter: 3, edgeMs: 0 });
    expect(await told()).to.equal("position 12");
  });

  it("tells nothing for a knob that trembles within a detent", async () => {
    for (let index = 0; index < 50; index++) {
      put(CYCLE[1]);
      await bench.board.advance(10);
      put(CYCLE[0]);
      await bench.board.advance(10);
    }
    await bench.gateway.expectNothing(1_000);
  });

  it("tells at most ten positions a second, and the last one for certain", async () => {
    const count = bench.gateway.messages.length;
    await turn(100, { edgeMs: 5 });
    expect(await told()).to.equal("position 100");
    expect(bench.gateway.messages.length - count).to.be.within(15, 22);
  });

  it("goes back to 0 when it is pressed, once for each press", async () => {
    await turn(7);
    await bench.board.press(BUTTON_PIN, { holdMs: 100, bounceMs: 8 });
    expect(await told()).to.equal("reset");
    await turn(1);
    expect(await told()).to.equal("position 1");
    expect(bench.gateway.messages.filter(({ text }) => text === "reset")).to.have.length(1);
  });

  it("takes a position from the gateway, and counts on from there", async () => {
    await turn(1);
    bench.gateway.send("position 40");
    await bench.board.advance(10);
    await turn(-1);
    expect(await told()).to.equal("position 39");
  });

  it("counts while the network is lost, and tells the sum when it is back", async () => {
    await turn(5);
    await told();
    await goOffline(bench);
    await turn(10);
    await turn(-3);
    while ((await bench.gateway.next()) !== "position 5");
    expect(await backOnline(bench)).to.equal("position 12");
  });
});

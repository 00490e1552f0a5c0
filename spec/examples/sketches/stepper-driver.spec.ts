import { expect } from "chai";
import stepperDriver from "../../../examples/sketches/stepper-driver/stepper-driver.js";
import { ask, backOnline, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

const COIL_PINS = [16, 17, 18, 19];
const END_PIN = 33;
const TRAVEL_STEPS = 4_096;
const CYCLE = [0b0001, 0b0011, 0b0010, 0b0110, 0b0100, 0b1100, 0b1000, 0b1001];

/** A stepper motor at the coils, with a shutter that closes the end switch when it is up. */
class Rig {
  /** Half-steps from the upper end. */
  position: number;
  /** Coil patterns that no motor could follow. */
  skipped = 0;
  #phase = 0;

  constructor({ board }: Bench, position: number) {
    this.position = position;
    const turn = (): void => {
      const coils = COIL_PINS.reduce((sum, coil, index) => sum | ((board.output(coil) ?? 0) << index), 0);
      this.#follow(CYCLE.indexOf(coils));
      board.setInput(END_PIN, this.position <= 0 ? 0 : null);
    };
    // It has inertia: what lasts for less than half a millisecond does not move it.
    for (const pin of COIL_PINS) board.onOutput(pin, () => board.clock.after(0.5, turn));
  }

  #follow(phase: number): void {
    if (phase < 0) return;
    const moved = ((phase - this.#phase + 12) % 8) - 4;
    this.#phase = phase;
    if (Math.abs(moved) > 1) this.skipped++;
    this.position += moved;
  }
}

describe("the sketch stepper-driver", () => {
  let bench: Bench;
  let rig: Rig;

  /** The answer to what takes a while, and the rotor at rest. */
  async function answered(): Promise<string> {
    const answer = await bench.gateway.next({ withinMs: 60_000 });
    await bench.board.advance(1);
    return answer;
  }

  async function start(position: number): Promise<void> {
    bench = await startSketch(stepperDriver, {
      board: EVEN,
      prepare: (prepared) => (rig = new Rig(prepared, position)),
    });
    expect(await bench.gateway.next()).to.equal("lost");
  }

  async function home(): Promise<void> {
    bench.gateway.send("home");
    expect(await answered()).to.equal("homed");
  }

  afterEach(() => stopSketch(bench));

  it("goes up to the end switch, and knows where it is", async () => {
    await start(1_000);
    await home();
    expect(rig.position).to.equal(0);
    expect(rig.skipped).to.equal(0);
  });

  it("moves to a percentage, one half-step every 2 ms", async () => {
    await start(100);
    await home();
    const fromMs = bench.board.clock.now();
    bench.gateway.send("to 50");
    expect(await answered()).to.equal("at 50");
    expect(rig.position).to.equal(TRAVEL_STEPS / 2);
    expect(rig.skipped).to.equal(0);
    expect(bench.board.clock.now() - fromMs).to.be.closeTo(TRAVEL_STEPS, 4);
  });

  it("leaves no coil on where it rests", async () => {
    await start(100);
    await home();
    bench.gateway.send("to 7");
    await answered();
    await bench.board.advance(10);
    expect(COIL_PINS.map((pin) => bench.board.output(pin))).to.deep.equal([0, 0, 0, 0]);
  });

  it("stops half-way, says where, and goes on from there", async () => {
    await start(100);
    await home();
    bench.gateway.send("to 100");
    await bench.board.advance(2_500);
    expect(await ask(bench, "stop")).to.equal("stopped at 31");
    await bench.board.advance(1);
    const { position } = rig;
    await bench.board.advance(5_000);
    expect(rig.position).to.equal(position);
    bench.gateway.send("to 0");
    expect(await answered()).to.equal("at 0");
    expect(rig.position).to.equal(0);
  });

  it("goes nowhere before it has been at the end switch", async () => {
    await start(1_000);
    expect(await ask(bench, "to 50")).to.equal("ERR not homed");
    expect(rig.position).to.equal(1_000);
  });

  it("gives up after twice the way where the end switch never closes", async () => {
    await start(1_000_000);
    bench.gateway.send("home");
    expect(await answered()).to.equal("ERR end switch");
    expect(rig.position).to.equal(1_000_000 - 2 * TRAVEL_STEPS);
    expect(await ask(bench, "to 50")).to.equal("ERR not homed");
  });

  it("refuses what is no percentage, and no command", async () => {
    await start(10);
    await home();
    expect(await ask(bench, "to 101")).to.equal("ERR to takes 0 to 100");
    expect(await ask(bench, "to -1")).to.equal("ERR to takes 0 to 100");
    expect(await ask(bench, "up")).to.equal("ERR home, to or stop");
  });

  it("ends its move while the network is lost, and tells where it is when it is back", async () => {
    await start(100);
    await home();
    bench.gateway.send("to 80");
    await bench.board.advance(100);
    await goOffline(bench);
    expect(rig.position).to.equal(Math.trunc(TRAVEL_STEPS * 0.8));
    expect(await backOnline(bench)).to.equal("at 80");
  });

  it("is lost after a power cut: nobody knows what the shutter did meanwhile", async () => {
    await start(100);
    await home();
    bench.board.cutPower();
    await bench.board.start(stepperDriver);
    expect(await bench.gateway.next()).to.equal("lost");
  });
});

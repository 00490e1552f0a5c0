import { expect } from "chai";
import pidHeater from "../../../examples/sketches/pid-heater/pid-heater.js";
import {
  ask,
  backOnline,
  type Bench,
  goOffline,
  LOSS_NOTICED_MS,
  startSketch,
  stopSketch,
} from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

const SENSOR_PIN = 34;
const HEATER_PIN = 25;
const STEP_MS = 100;

/** A plate of aluminium with a 60 W heater, in a room of 21 degrees; the sensor follows it with 4 s. */
class Plate {
  celsius = 21;
  measured = 21;
  ambient = 21;

  step(duty: number, seconds: number): void {
    const watts = (duty / 255) * 60 - 0.6 * (this.celsius - this.ambient);
    this.celsius += (watts / 110) * seconds;
    this.measured += ((this.celsius - this.measured) / 4) * seconds;
  }

  /** What an LM35 gives: 10 mV a degree. */
  get reading(): number {
    return (this.measured * 10 * 4095) / 3300;
  }
}

describe("the sketch pid-heater", () => {
  let bench: Bench;
  let plate: Plate;
  /** What the converter reads in the place of the plate: a broken wire. */
  let broken: number | null;

  beforeEach(async () => {
    plate = new Plate();
    broken = null;
    bench = await startSketch(pidHeater, {
      board: EVEN,
      prepare: ({ board }) => {
        const live = (): void => {
          plate.step(board.output(HEATER_PIN) ?? 0, STEP_MS / 1_000);
          board.clock.after(STEP_MS, live);
        };
        board.clock.after(STEP_MS, live);
        const noise = (): number => 4 * Math.sin(board.clock.now());
        board.setAnalog(SENSOR_PIN, () => broken ?? plate.reading + noise());
      },
    });
    expect(await bench.gateway.next({ withinMs: 100 })).to.match(/^t=2[01]\.\d set=0\.0 duty=0$/);
  });

  afterEach(() => stopSketch(bench));

  /** Each report until then. */
  async function watch(ms: number): Promise<{ celsius: number; duty: number }[]> {
    const count = bench.gateway.messages.length;
    await bench.board.advance(ms);
    return bench.gateway.messages.slice(count).map(({ text }) => {
      const [, celsius, duty] = /^t=([\d.]+) set=[\d.]+ duty=(\d+)$/.exec(text) ?? [];
      return { celsius: Number(celsius), duty: Number(duty) };
    });
  }

  it("reports every 5 seconds, and answers each command at once", async () => {
    expect(await watch(60_000)).to.have.length(12);
    bench.gateway.send("set 20");
    expect(await watch(20)).to.have.length(1);
  });

  it("leaves the heater alone until it is told a temperature", async () => {
    await bench.board.advance(60_000);
    expect(new Set(bench.board.outputs(HEATER_PIN).map(({ value }) => value))).to.deep.equal(new Set([0]));
  });

  it("reaches its temperature, overshoots by less than 2 degrees, and holds it within half a degree", async () => {
    expect(await ask(bench, "set 60")).to.match(/^t=\d+\.\d set=60\.0 duty=/);
    let hottest = 0;
    for (let second = 0; second < 240; second++) {
      await bench.board.advance(1_000);
      hottest = Math.max(hottest, plate.celsius);
    }
    expect(hottest).to.be.within(59, 62);
    for (const { celsius } of await watch(120_000)) expect(celsius).to.be.closeTo(60, 0.5);
    expect(plate.celsius).to.be.closeTo(60, 0.5);
  });

  it("goes down to a lower temperature without heating against itself", async () => {
    await ask(bench, "set 70");
    await bench.board.advance(240_000);
    await ask(bench, "set 40");
    await bench.board.advance(2_000);
    expect(bench.board.output(HEATER_PIN)).to.equal(0);
    await bench.board.advance(400_000);
    expect(plate.celsius).to.be.closeTo(40, 0.5);
  });

  it("makes up for a colder room", async () => {
    await ask(bench, "set 60");
    await bench.board.advance(240_000);
    plate.ambient = 5;
    await bench.board.advance(180_000);
    expect(plate.celsius).to.be.closeTo(60, 0.5);
  });

  it("holds the temperature while the network is lost, and reports when it is back", async () => {
    await ask(bench, "set 50");
    await bench.board.advance(120_000);
    await goOffline(bench);
    await bench.board.advance(300_000);
    expect(plate.celsius).to.be.closeTo(50, 0.5);
    bench.gateway.restoreNetwork();
    const [report] = (await watch(35_000)).slice(-1);
    expect(report!.celsius).to.be.closeTo(50, 0.5);
  });

  for (const [what, reading, message] of [
    ["shorted", 8, "FAULT sensor shorted"],
    ["open", 4_087, "FAULT sensor open"],
    ["too hot", (96 * 10 * 4095) / 3300, "FAULT too hot"],
  ] as const) {
    it(`cuts the heater within 100 ms where the sensor says ${what}, and leaves it off`, async () => {
      await ask(bench, "set 60");
      await bench.board.advance(3_000);
      expect(bench.board.output(HEATER_PIN)).to.be.above(0);
      const fromMs = bench.board.clock.now();
      broken = reading;
      await bench.board.advanceUntil(() => bench.board.output(HEATER_PIN) === 0);
      expect(bench.board.clock.now() - fromMs).to.be.at.most(101);
      await bench.board.advance(10);
      expect(bench.gateway.messages.at(-1)!.text).to.equal(message);
      broken = null;
      await bench.board.advance(30_000);
      expect(bench.board.output(HEATER_PIN)).to.equal(0);
      await ask(bench, "set 60");
      await bench.board.advance(1_000);
      expect(bench.board.output(HEATER_PIN)).to.be.above(0);
    });
  }

  for (const [when, before, after] of [
    ["while the network is lost", LOSS_NOTICED_MS, 0],
    ["before the loss of the network is noticed", 0, LOSS_NOTICED_MS],
  ] as const) {
    it(`cuts the heater on a fault ${when}, and tells the fault in the next session, until a command comes`, async () => {
      await ask(bench, "set 60");
      bench.gateway.loseNetwork();
      await bench.board.advance(before);
      broken = 4_095;
      await bench.board.advance(200);
      expect(bench.board.output(HEATER_PIN)).to.equal(0);
      broken = null;
      await bench.board.advance(after);
      expect(await backOnline(bench)).to.match(/ set=0\.0 duty=0$/);
      expect(await bench.gateway.next()).to.equal("FAULT sensor open");
      expect(await ask(bench, "off")).to.match(/ set=0\.0 duty=0$/);
      await bench.board.advance(12_000);
      expect(bench.gateway.messages.at(-1)!.text).to.match(/ set=0\.0 duty=0$/);
    });
  }

  it("goes off when it is told to, and refuses what it must not heat to", async () => {
    await ask(bench, "set 60");
    await bench.board.advance(1_000);
    expect(await ask(bench, "off")).to.match(/ set=0\.0 duty=0$/);
    expect(await ask(bench, "set 80.5")).to.equal("ERR set takes 20 to 80");
    expect(await ask(bench, "set hot")).to.equal("ERR set takes 20 to 80");
    expect(await ask(bench, "heat")).to.equal("ERR set or off");
    await bench.board.advance(1_000);
    expect(bench.board.output(HEATER_PIN)).to.equal(0);
  });
});

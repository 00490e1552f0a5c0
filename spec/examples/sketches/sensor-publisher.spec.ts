import { expect } from "chai";
import sensorPublisher from "../../../examples/sketches/sensor-publisher/sensor-publisher.js";
import { ask, backOnline, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

const SENSOR_PIN = 34;

/** What a TMP36 gives: 500 mV at 0 degrees, 10 mV more for each. */
const reading = (celsius: number): number => ((500 + celsius * 10) * 4095) / 3300;

describe("the sketch sensor-publisher", () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startSketch(sensorPublisher, {
      board: EVEN,
      prepare: ({ board }) => board.setAnalog(SENSOR_PIN, reading(21.5)),
    });
  });

  afterEach(() => stopSketch(bench));

  it("sends a whole line as one message, and the first one at once", async () => {
    expect(await bench.gateway.next({ withinMs: 100 })).to.equal("temp=21.5 missed=0\r\n");
  });

  it("sends one every 5 seconds, and does not drift in twenty minutes", async () => {
    await bench.gateway.next();
    const fromMs = bench.board.clock.now();
    for (let index = 1; index <= 240; index++) {
      await bench.gateway.next();
      expect(bench.board.clock.now() - fromMs - index * 5_000).to.be.within(0, 12);
    }
  });

  it("averages noise away", async () => {
    const noise = 30; // 2.4 degrees, either way
    bench.board.setAnalog(SENSOR_PIN, reading(-10), { noise });
    await bench.gateway.next();
    for (let index = 0; index < 20; index++) {
      const [, celsius] = /^temp=(-?[\d.]+) /.exec(await bench.gateway.next()) ?? [];
      expect(Number(celsius)).to.be.closeTo(-10, 1.2);
    }
  });

  it('answers "now" at once, and nothing else', async () => {
    await bench.gateway.next();
    const fromMs = bench.board.clock.now();
    expect(await ask(bench, "now\n")).to.equal("temp=21.5 missed=0\r\n");
    expect(bench.board.clock.now() - fromMs).to.be.at.most(20);
    bench.gateway.send("later");
    await bench.gateway.expectNothing(4_000);
  });

  it("counts what it could not send, and tells that once", async () => {
    await bench.gateway.next();
    await goOffline(bench);
    await bench.board.advance(60_000);
    const [, missed] = /^temp=21\.5 missed=(\d+)\r\n$/.exec(await backOnline(bench)) ?? [];
    expect(Number(missed)).to.be.within(60 / 5, 150 / 5); // for a while send() could not know
    expect(await bench.gateway.next()).to.equal("temp=21.5 missed=0\r\n");
  });
});

describe("the sketch sensor-publisher, at its start", () => {
  let bench: Bench;

  afterEach(() => stopSketch(bench));

  it("tries a gateway that refuses its key every 5 seconds, says why, and succeeds when it is accepted", async () => {
    bench = await startSketch(sensorPublisher, { board: EVEN, prepare: ({ gateway }) => gateway.refuseKey() });
    await bench.gateway.expectNothing(21_000);
    expect(bench.board.serial.text.match(/no session: AUTH: .*\n/g)).to.have.length(5);
    bench.gateway.acceptKey();
    expect(await bench.gateway.next()).to.match(/^temp=/);
  });
});

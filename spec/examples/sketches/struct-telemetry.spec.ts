import { expect } from "chai";
import structTelemetry, { Config, Telemetry } from "../../../examples/sketches/struct-telemetry/struct-telemetry.js";
import { type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

const TEMPERATURE_PIN = 34;
const BATTERY_PIN = 35;
const FLAG_ALARM = 0x01;
const FLAG_FIRST_SINCE_START = 0x02;

describe("the sketch struct-telemetry", () => {
  let bench: Bench;

  const setCelsius = (celsius: number): void =>
    bench.board.setAnalog(TEMPERATURE_PIN, Math.ceil(((500 + celsius * 10) * 4095) / 3300));
  const next = async () => Telemetry.unpack(await bench.gateway.nextBytes());
  const configure = (intervalSeconds: number, alarmCentiCelsius: number, version = 1): void =>
    void bench.gateway.send(Config.pack({ version, reserved: 0, intervalSeconds, alarmCentiCelsius }));

  async function start(startMillis = 0): Promise<void> {
    bench = await startSketch(structTelemetry, {
      board: { ...EVEN, startMillis },
      prepare: (prepared) => {
        bench = prepared;
        setCelsius(-12);
        prepared.board.setAnalog(BATTERY_PIN, Math.ceil((1_850 * 4095) / 3300));
      },
    });
  }

  afterEach(() => stopSketch(bench));

  it("sends 12 bytes, little-endian, in the order of the struct", async () => {
    await start(0x01020300);
    const bytes = Buffer.from(await bench.gateway.nextBytes());
    // version, flags, sequence; uptimeMs; -12.00 degrees; 3700 mV, or the one above: the converter has steps of 0.8 mV
    expect(bytes.toString("hex")).to.match(/^01020000[0-9a-f]{2}03020150fb7[45]0e$/);
  });

  it("sends every 10 seconds, marks the first one only, and counts", async () => {
    await start();
    const sent = [await next(), await next(), await next()];
    expect(sent.map(({ flags }) => flags)).to.deep.equal([FLAG_FIRST_SINCE_START, 0, 0]);
    expect(sent.map(({ sequence }) => sequence)).to.deep.equal([0, 1, 2]);
    expect(sent[2]!.uptimeMs - sent[1]!.uptimeMs).to.be.within(10_000, 10_025);
  });

  it("keeps its interval while the uptime wraps", async () => {
    await start(2 ** 32 - 15_000);
    const sent = [await next(), await next(), await next()];
    expect(sent[1]!.uptimeMs).to.be.above(2 ** 32 - 6_000);
    expect(sent[2]!.uptimeMs).to.be.within(4_990, 5_100);
  });

  it("takes a new interval, and answers it at once", async () => {
    await start();
    await next();
    configure(3, 6_000);
    const first = await next();
    const second = await next();
    expect(second.uptimeMs - first.uptimeMs).to.be.within(3_000, 3_025);
  });

  it("tells an alarm, and its end, at once", async () => {
    await start();
    await next();
    setCelsius(75);
    const alarm = await next();
    expect(alarm).to.include({ flags: FLAG_ALARM, centiCelsius: 7_500 });
    expect(alarm.uptimeMs).to.be.below(100);
    setCelsius(20);
    expect(await next()).to.include({ flags: 0, centiCelsius: 2_000 });
  });

  it("ignores a config of another version, of another length, or without an interval", async () => {
    await start();
    await next();
    configure(1, 6_000, 2);
    configure(0, 6_000);
    bench.gateway.send(new Uint8Array(7));
    await bench.gateway.expectNothing(9_000);
    expect(bench.board.serial.text).to.equal("config ignored\r\nconfig ignored\r\nconfig of 7 bytes ignored\n");
  });

  it("shows with a gap in the sequence what never arrived", async () => {
    await start();
    await next();
    await goOffline(bench);
    await bench.board.advance(30_000);
    bench.gateway.restoreNetwork();
    const { sequence, flags } = Telemetry.unpack(await bench.gateway.nextBytes({ withinMs: 35_000 }));
    expect(sequence).to.be.within(12, 16);
    expect(flags).to.equal(0);
  });
});

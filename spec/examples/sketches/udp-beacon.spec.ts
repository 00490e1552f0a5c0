import { expect } from "chai";
import udpBeacon from "../../../examples/sketches/udp-beacon/udp-beacon.js";
import { type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";

const SENSOR_PIN = 34;

describe("the sketch udp-beacon", () => {
  let bench: Bench;

  /** 10 mV a degree. */
  const setCelsius = (celsius: number): void => bench.board.setAnalog(SENSOR_PIN, (celsius * 10 * 4095) / 3300);

  async function start(loss: number): Promise<void> {
    bench = await startSketch(udpBeacon, {
      gateway: { conditions: { latencyMs: 20, loss } },
      prepare: (prepared) => {
        bench = prepared;
        setCelsius(20);
      },
    });
    expect(await bench.gateway.next()).to.equal("20.0");
  }

  afterEach(() => stopSketch(bench));

  it("comes over UDP: where TCP connections break, it does not even notice", async () => {
    await start(0);
    const { sessionId } = bench.gateway.session();
    bench.gateway.dropConnection();
    setCelsius(25);
    expect(await bench.gateway.next()).to.equal("25.0");
    expect(bench.gateway.session().sessionId).to.equal(sessionId);
  });

  it("tells a change of half a degree within a second, and none that is smaller", async () => {
    await start(0);
    setCelsius(20.4);
    await bench.gateway.expectNothing(10_000);
    for (const celsius of [20.6, 21.2, 19.8, 30, 20.6]) {
      setCelsius(celsius);
      expect(await bench.gateway.next({ withinMs: 1_060 })).to.equal(celsius.toFixed(1));
    }
    setCelsius(20.3);
    await bench.gateway.expectNothing(10_000);
  });

  it("is silent while nothing changes, but for once a minute", async () => {
    await start(0);
    for (let minute = 0; minute < 3; minute++) {
      await bench.gateway.expectNothing(58_000);
      expect(await bench.gateway.next({ withinMs: 4_000 })).to.equal("20.0");
    }
  });

  it("takes another step from the gateway, within its bounds", async () => {
    await start(0);
    bench.gateway.send("step 5");
    setCelsius(24);
    await bench.gateway.expectNothing(5_000);
    bench.gateway.send("step 0");
    expect(await bench.gateway.next()).to.equal("24.0");
    setCelsius(24.2);
    expect(await bench.gateway.next()).to.equal("24.2");
  });

  it("brings every reading, in order, through a network that loses every third datagram", async () => {
    await start(0.33);
    const expected: string[] = [];
    for (let index = 1; index <= 30; index++) {
      setCelsius(20 + index);
      expected.push(`${20 + index}.0`);
      await bench.board.advance(5_000);
    }
    await bench.board.advance(20_000);
    const came = bench.gateway.messages.map(({ text }) => text).filter((text) => text !== "20.0");
    expect(came).to.deep.equal(expected);
  });

  it("tells its temperature in the session that comes after a lost network", async () => {
    await start(0);
    await goOffline(bench);
    setCelsius(30);
    await bench.board.advance(30_000);
    bench.gateway.restoreNetwork();
    expect(await bench.gateway.next({ withinMs: 60_000 })).to.equal("30.0");
  });
});

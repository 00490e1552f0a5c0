/**
 * What an hour of a sketch costs. 2 s are promised on an idle machine of today. Machines differ, and a busy one is slower, also by
 * processor time: so it is held against what as many turns of a loop cost there and then in which nothing happens.
 */
import { expect } from "chai";
import { delay, digitalRead, millis, USMP, USMPClient } from "../../lib/arduino/index.js";
import type { Sketch } from "../../lib/arduino/sketch/sketch.js";
import { TestGateway, VirtualBoard } from "../../lib/testing/index.js";
import { EVEN } from "../support/even-time.js";

const HOUR_MS = 3_600_000;
const MAX_TIMES = 6;
const PSK = "usmp-dev-psk-change-me-before-prod";
const SEND_EVERY_MS = 10_000;

/** How many times as long it takes. */
async function passAnHour(board: VirtualBoard, sketch: Sketch): Promise<number> {
  await board.start(sketch);
  const tookMs = await processorTime(() => board.advance(HOUR_MS));
  await board.stop();
  return tookMs / (await processorTime(turnAnHour));
}

async function processorTime(work: () => Promise<void>): Promise<number> {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}

async function turnAnHour(): Promise<void> {
  for (let turn = 0; turn < HOUR_MS; turn++) await Promise.resolve();
}

/** A sketch that is connected, and sends every ten seconds. */
function publisher(pause: () => void | Promise<void>): Sketch {
  return () => {
    const usmp = new USMPClient(PSK);
    let sentAt = 0;
    return {
      setup: () => usmp.begin(USMP.TCP("192.168.1.100")),
      loop() {
        usmp.maintain();
        if (millis() - sentAt >= SEND_EVERY_MS) {
          sentAt = millis();
          usmp.send("21.5");
        }
        return pause();
      },
    };
  };
}

describe("testing/virtual-board, its speed", function () {
  this.timeout(120_000);

  it("passes an hour of a loop that polls every millisecond", async () => {
    let turns = 0;
    const times = await passAnHour(new VirtualBoard(EVEN), {
      loop() {
        turns++;
        if (millis() % 1_000 === 0) digitalRead(0);
      },
    });
    expect(turns).to.equal(HOUR_MS + 1);
    expect(times).to.be.below(MAX_TIMES);
  });

  it("passes an hour of a loop that waits ten milliseconds", async () => {
    let turns = 0;
    const times = await passAnHour(new VirtualBoard(EVEN), {
      async loop() {
        turns++;
        await delay(10);
      },
    });
    expect(turns).to.equal(HOUR_MS / 10 + 1);
    expect(times).to.be.below(MAX_TIMES);
  });

  for (const [what, pause] of [
    ["polls", () => {}],
    ["waits", () => delay(10)],
  ] as const) {
    it(`passes an hour of a connected sketch that ${what}`, async () => {
      const gateway = new TestGateway({ psk: PSK });
      let received = 0;
      gateway.usmp.onMessage(() => void received++);
      const times = await passAnHour(new VirtualBoard({ ...EVEN, gateway }), publisher(pause));
      await gateway.close();
      expect(received).to.be.within(HOUR_MS / SEND_EVERY_MS - 1, HOUR_MS / SEND_EVERY_MS);
      expect(times).to.be.below(MAX_TIMES);
    });
  }
});

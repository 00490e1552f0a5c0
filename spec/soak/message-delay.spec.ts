import { expect } from "chai";
import { setTimeout as pause } from "node:timers/promises";
import { runSketch, USMP, USMPClient } from "../../lib/arduino/index.js";
import { Usmp, UsmpServer, type UsmpSession } from "../../lib/index.js";

const PSK = "usmp-dev-psk-change-me-before-prod";
const MESSAGES = 150;

/** How long an echo takes, in milliseconds: the median of many, each so long after the one before. */
async function medianEcho(session: UsmpSession, pauseMs: (index: number) => number): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    if (pauseMs(i) > 0) await pause(pauseMs(i));
    const sentAt = performance.now();
    session.send("echo");
    await session.recv();
    took.push(performance.now() - sentAt);
  }
  return took.sort((a, b) => a - b)[MESSAGES / 2]!;
}

describe("arduino/sketch/run-sketch, a message's way", function () {
  this.timeout(120_000);

  for (const [what, pauseMs] of [
    ["that come now and then", (index: number) => (index * 7) % 10],
    ["one after the other", () => 0],
  ] as const) {
    it(`is at most a millisecond longer than without a sketch, for messages ${what}`, async () => {
      const gateway = new UsmpServer({ host: "127.0.0.1", port: 0, psk: PSK });
      const { port } = (await gateway.listen())[0]!;
      const nextSession = (): Promise<UsmpSession> => new Promise((resolve) => gateway.onSession(resolve));

      const plain = new Usmp(PSK);
      plain.onMessage((data) => plain.send(data));
      const plainSession = nextSession();
      await plain.begin(Usmp.TCP("127.0.0.1", port));
      const plainMs = await medianEcho(await plainSession, pauseMs);
      await plain.close();

      const stop = new AbortController();
      const sketchSession = nextSession();
      const running = runSketch(
        () => {
          const usmp = new USMPClient(PSK);
          usmp.onMessage((data, len) => usmp.send(data, len));
          return { setup: () => usmp.begin(USMP.TCP("127.0.0.1", port)), loop: () => usmp.maintain() };
        },
        { signal: stop.signal },
      );
      const sketchMs = await medianEcho(await sketchSession, pauseMs);
      stop.abort();
      await running;
      await gateway.stop();
      expect(sketchMs - plainMs, `${sketchMs} and ${plainMs} ms`).to.be.below(1);
    });
  }
});

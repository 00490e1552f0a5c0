import { expect } from "chai";

import { delay, ESP, micros, millis, Serial } from "../../lib/arduino/index.js";
import type { Sketch } from "../../lib/arduino/index.js";
import { SketchError, VirtualBoard } from "../../lib/testing/index.js";

const SEEDS = Array.from({ length: 50 }, (_, index) => index + 1);

/** What `look` gives in each turn of a second. */
async function seenBy(look: () => number, board = new VirtualBoard(), loop?: () => Promise<void>): Promise<number[]> {
  const seen: number[] = [];
  await board.start({
    loop: () => {
      seen.push(look());
      return loop?.();
    },
  });
  await board.advance(1_000);
  board.cutPower();
  return seen;
}

const steps = (times: readonly number[]): number[] => times.slice(1).map((time, index) => time - times[index]!);

describe("a virtual board's time", () => {
  it("starts a few odd milliseconds off, by the seed", async () => {
    const starts: number[] = [];
    for (const seed of SEEDS) {
      const board = new VirtualBoard({ seed });
      await board.start({ setup: () => starts.push(millis()) });
      board.cutPower();
    }
    for (const start of starts) {
      expect(start).to.be.within(11, 63);
      expect(start % 10).to.not.equal(0);
    }
    expect(new Set(starts).size).to.be.above(20);
  });

  it("starts each life anew, and off", async () => {
    const starts: number[] = [];
    const board = new VirtualBoard();
    await board.start({
      setup: async () => {
        starts.push(millis());
        await delay(1_000);
        ESP.restart();
      },
    });
    await board.advance(5_000);
    board.cutPower();
    expect(starts).to.have.length.above(3);
    for (const start of starts) expect(start % 10).to.not.equal(0);
    expect(new Set(starts).size).to.be.above(1);
  });

  it("is uneven from turn to turn, within bounds, and beside a wait as well", async () => {
    const polled = steps(await seenBy(micros));
    for (const step of polled) expect(step).to.be.within(1_000, 2_200);
    expect(new Set(polled).size).to.be.above(100);
    const waiting = steps(await seenBy(micros, new VirtualBoard(), () => delay(10)));
    for (const step of waiting) expect(step).to.be.within(10_200, 12_200);
    expect(new Set(waiting).size).to.be.above(50);
  });

  it("is the same for the same seed, and another for another", async () => {
    const [one, again, other] = await Promise.all([5, 5, 6].map((seed) => seenBy(micros, new VirtualBoard({ seed }))));
    expect(one).to.deep.equal(again);
    expect(one).to.not.deep.equal(other);
  });

  it("moves by exactly what a test moves it, and a wait by exactly what it is told", async () => {
    const board = new VirtualBoard();
    const waits: number[] = [];
    await board.start({
      loop: async () => {
        const from = micros();
        await delay(7);
        waits.push(micros() - from);
      },
    });
    const before = board.clock.now();
    await board.advance(1_234);
    expect(board.clock.now() - before).to.equal(1_234);
    expect(new Set(waits)).to.deep.equal(new Set([7_000]));
    board.cutPower();
  });

  it("starts exactly at an explicit startMillis, and turns exactly as an explicit turnMs says", async () => {
    for (const startMillis of [0, 1_000, 2 ** 32 - 5_000]) {
      expect((await seenBy(millis, new VirtualBoard({ startMillis })))[0]).to.equal(startMillis);
    }
    for (const turnMs of [1, 2.5]) {
      const seen = steps(await seenBy(micros, new VirtualBoard({ startMillis: 0, turnMs })));
      expect(new Set(seen)).to.deep.equal(new Set([turnMs * 1_000]));
    }
  });

  it("wraps where it starts shortly before, as after 49.7 days", async () => {
    const seen = await seenBy(millis, new VirtualBoard({ startMillis: 2 ** 32 - 500 }));
    expect(seen[0]).to.equal(2 ** 32 - 500);
    expect(seen.at(-1)).to.be.within(490, 500);
  });

  it("shows that an integer division is missing, in whatever way seconds are counted", async () => {
    const sketches: Record<string, Sketch> = {
      "since the start": { loop: async () => (await delay(1_000), void Serial.println(`${millis() / 1_000}`)) },
      "since the last": () => {
        let last = millis();
        return {
          loop: () => {
            if (millis() - last < 1_000) return;
            Serial.println(`${(millis() - last) / 1_000}`);
            last = millis();
          },
        };
      },
    };
    for (const [how, sketch] of Object.entries(sketches)) {
      const board = new VirtualBoard();
      await board.start(() => {
        Serial.begin(115200);
        return typeof sketch === "function" ? sketch() : sketch;
      });
      await board.advance(10_000);
      board.cutPower();
      const lines = board.serial.lines();
      expect(lines, how).to.have.length.above(7);
      expect(
        lines.filter((line) => line.includes(".")),
        how,
      ).to.not.be.empty;
    }
  });

  it("names its seed where a test fails", async () => {
    const board = new VirtualBoard({ seed: 4_711 });
    const failed = await board
      .start({
        setup: () => {
          throw new Error("broken");
        },
      })
      .catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(SketchError).with.property("message").that.includes("seed: 4711");
    const late = await board.advanceUntil(() => false, { withinMs: 5 }).catch((error: unknown) => error);
    expect(late).to.be.instanceOf(Error).with.property("message").that.includes("seed: 4711");
  });
});

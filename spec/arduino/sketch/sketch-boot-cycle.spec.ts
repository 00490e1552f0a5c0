import { expect } from "chai";
import { currentBoard } from "../../../lib/arduino/board/current-board.js";
import { SketchEnded } from "../../../lib/arduino/board/sketch-ended.js";
import {
  delay,
  delayMicroseconds,
  digitalWrite,
  millis,
  OUTPUT,
  pinMode,
  Serial,
  SketchError,
  USMPClient,
  WiFi,
} from "../../../lib/arduino/index.js";
import type { Sketch } from "../../../lib/arduino/sketch/sketch.js";
import { VirtualBoard } from "../../../lib/testing/index.js";
import { lineHere, rejection } from "../rejection.js";
import { EVEN } from "../../support/even-time.js";

async function failure(sketch: Sketch, ms = 10_000): Promise<SketchError> {
  const board = new VirtualBoard(EVEN);
  const error = await rejection(board.start(sketch).then(() => board.advance(ms)));
  if (!(error instanceof SketchError)) throw error;
  expect(board.state).to.equal("ended");
  return error;
}

/** A function of the sketch, which any of its own may be. */
async function helper(ms: number): Promise<void> {
  await delay(ms);
}

describe("arduino/sketch/sketch-boot-cycle", () => {
  it("runs setup once, and loop once a millisecond at most", async () => {
    const board = new VirtualBoard(EVEN);
    const seen: string[] = [];
    await board.start({
      setup: () => void seen.push(`setup ${millis()}`),
      loop: () => void seen.push(`loop ${millis()}`),
    });
    await board.advance(3);
    expect(seen).to.deep.equal(["setup 0", "loop 0", "loop 1", "loop 2", "loop 3"]);
  });

  it("begins the next turn at once when the last one took longer than a millisecond", async () => {
    const board = new VirtualBoard(EVEN);
    const seen: number[] = [];
    await board.start({
      async loop() {
        seen.push(millis());
        await delay(10);
      },
    });
    await board.advance(35);
    expect(seen).to.deep.equal([0, 10, 20, 30]);
  });

  it("waits for an async setup before the first loop", async () => {
    const board = new VirtualBoard(EVEN);
    const seen: string[] = [];
    await board.start({
      async setup() {
        await helper(5);
        seen.push(`setup ${millis()}`);
      },
      loop: () => void seen.push(`loop ${millis()}`),
    });
    await board.advance(6);
    expect(seen).to.deep.equal(["setup 5", "loop 5", "loop 6"]);
  });

  it("goes on without a setup, without a loop, and whatever they return", async () => {
    for (const sketch of [{}, { setup: () => 1 }, { loop: () => "text" }]) {
      const board = new VirtualBoard(EVEN);
      await board.start(sketch);
      await board.advance(5);
      expect(board.state).to.equal("running");
    }
  });

  describe("names a forgotten await, with the sketch's own line", () => {
    it("where the turn ends meanwhile", async () => {
      let line = 0;
      const error = await failure({
        loop() {
          line = lineHere(1);
          void delay(500);
        },
      });
      expect(error.where).to.equal("loop()");
      expect(error.message).to.include('loop(): went on while delay(500) was still waiting: write "await delay(500)"');
      expect(error.site).to.match(new RegExp(`sketch-boot-cycle\\.spec\\.[tj]s:${line}:\\d+$`));
    });

    it("where another wait begins meanwhile", async () => {
      let line = 0;
      const error = await failure({
        async setup() {
          line = lineHere(1);
          void delayMicroseconds(500);
          await delay(500);
        },
      });
      expect(error.message).to.include("setup(): went on while delayMicroseconds(500)");
      expect(error.site).to.match(new RegExp(`sketch-boot-cycle\\.spec\\.[tj]s:${line}:\\d+$`));
    });

    it("in a function that was not awaited", async () => {
      const error = await failure({ loop: () => void helper(20) });
      expect(error.message).to.include("loop(): went on while delay(20)");
      expect(error.site).to.match(/sketch-boot-cycle\.spec/);
    });

    it("after thousands of turns that awaited", async () => {
      let turns = 0;
      const error = await failure({
        async loop() {
          if (++turns === 2_000) void delay(1_000);
          else await delay(1);
        },
      });
      expect(error.message).to.include("delay(1000)");
      expect(error.site).to.match(/sketch-boot-cycle\.spec/);
    });
  });

  it("says where loop threw, with the sketch's own line, and what it threw", async () => {
    let line = 0;
    const cause = new Error("no sensor");
    const error = await failure({
      async loop() {
        await delay(1);
        line = lineHere(1);
        throw Object.assign(new Error("no sensor"), { cause });
      },
    });
    expect(error.message).to.match(
      /^loop\(\): no sensor\n {4}at \/.*sketch-boot-cycle\.spec\.[tj]s:\d+:\d+\n {4}\(to repeat it: seed: 1\)$/,
    );
    expect(error.site).to.match(new RegExp(`sketch-boot-cycle\\.spec\\.[tj]s:${line}:\\d+$`));
    expect((error.cause as Error).cause).to.equal(cause);
  });

  it("names the sketch's line for what this library refuses", async () => {
    let line = 0;
    const error = await failure({
      loop() {
        line = lineHere(1);
        digitalWrite(77, 1);
      },
    });
    expect(error.site).to.match(new RegExp(`sketch-boot-cycle\\.spec\\.[tj]s:${line}:\\d+$`));
  });

  it("tells of what is thrown that is no error", async () => {
    const error = await failure({
      loop() {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- sketches do
        throw "plain text";
      },
    });
    expect(error.message).to.include("loop(): plain text");
    expect(error.site).to.equal(null);
  });

  it("tells of what is no sketch", async () => {
    expect((await failure((() => null) as never)).message).to.include("a sketch is { setup, loop }");
    expect((await failure({ loop: 7 } as never)).message).to.include("loop of a sketch must be a function");
    expect((await failure(() => { throw new Error("at once"); })).message).to.include("what comes before setup(): at once"); // prettier-ignore
  });

  describe("names a callback that waits, with its own line", () => {
    it("while the sketch itself waits", async () => {
      let line = 0;
      const error = await failure({
        async setup() {
          const board = currentBoard();
          board.clock.after(5, () =>
            board.life?.interrupt(4, () => {
              line = lineHere(1);
              void delay(20);
            }),
          );
          await delay(50);
        },
      });
      expect(error.message).to.include("interrupt handler of pin 4: delay(20) waits, and a callback cannot");
      expect(error.site).to.match(new RegExp(`sketch-boot-cycle\\.spec\\.[tj]s:${line}:\\d+$`));
    });

    it("while the sketch does not", async () => {
      const error = await failure({
        loop: () => void currentBoard().call("onMessage callback", async () => delayMicroseconds(7)),
      });
      expect(error.message).to.include("onMessage callback: delayMicroseconds(7) waits, and a callback cannot");
    });

    it("and not the wait that follows it", async () => {
      const error = await failure({
        async loop() {
          currentBoard().call("onMessage callback", () => {});
          await delay(5);
          throw new Error("later");
        },
      });
      expect(error.message).to.include("loop(): later");
    });
  });

  it("tells of a callback that failed, by its name", async () => {
    const error = await failure({ loop: () => currentBoard().failer("onMessage callback")(new Error("bad JSON")) });
    expect(error.where).to.equal("onMessage callback");
  });

  it("tells whoever moves the time again and again, until the board is stopped", async () => {
    const board = new VirtualBoard(EVEN);
    await board.start({ loop: () => { throw new Error("broken"); } }); // prettier-ignore
    expect((await rejection(board.advance(1))).message).to.include("broken");
    expect((await rejection(board.advance(1))).message).to.include("broken");
    await board.stop();
    await board.advance(1);
  });

  it("ends a sketch that looks at the time without end while time stands still", async () => {
    const error = await failure({
      loop() {
        const began = millis();
        while (millis() - began < 100);
      },
    });
    expect(error.message).to.include("loop(): looked 1000000 times").and.to.include("await delay(1)");
    expect(error.site).to.match(/sketch-boot-cycle\.spec/);
  });

  for (const [what, isThere] of [
    ["a session", (usmp) => usmp.alive()],
    ["a session, and maintains it", (usmp) => (usmp.maintain(), false)],
    ["a message", (usmp) => usmp.available()],
    ["a state", (usmp) => usmp.state() > 0],
    ["what is typed", () => Serial.available() > 0],
    ["the network", () => WiFi.isConnected()],
  ] as [what: string, isThere: (usmp: USMPClient) => boolean][]) {
    it(`ends a sketch that looks for ${what} without end while time stands still`, async () => {
      const error = await failure({
        loop() {
          Serial.begin(115_200);
          const usmp = new USMPClient("a key that nobody uses here");
          while (!isThere(usmp));
        },
      });
      expect(error.message).to.include("loop(): looked 1000000 times").and.to.include("await delay(1)");
      expect(error.site).to.match(/sketch-boot-cycle\.spec/);
    });
  }

  describe("when it is over", () => {
    /** A sketch that restarts and does not want to: what its first life still gets done. */
    async function afterlife(code: () => void | Promise<void>, ms = 50): Promise<VirtualBoard> {
      const board = new VirtualBoard(EVEN);
      let lives = 0;
      await board.start(() => ({ setup: ++lives === 1 ? code : () => {} }));
      await board.advance(ms);
      expect(board.lives).to.equal(2);
      return board;
    }

    it("runs no code after a restart", async () => {
      let after = false;
      await afterlife(() => {
        currentBoard().restart();
        after = true;
      });
      expect(after).to.equal(false);
    });

    it("lets code that catches everything do nothing to the board", async () => {
      const thrown: unknown[] = [];
      const board = await afterlife(() => {
        pinMode(2, OUTPUT);
        const attempt = (call: () => void): void => {
          try {
            call();
          } catch (error) {
            thrown.push(error);
          }
        };
        attempt(() => currentBoard().restart());
        attempt(() => digitalWrite(2, 1));
        attempt(() => currentBoard().deepSleep({}));
      });
      expect(thrown)
        .to.have.length(3)
        .and.to.satisfy((all: unknown[]) => all.every((one) => one instanceof SketchEnded));
      expect(board.outputs(2)).to.deep.equal([]);
    });

    it("lets a loop that catches everything wait for ever", async () => {
      let rounds = 0;
      await afterlife(async () => {
        for (;;) {
          rounds++;
          try {
            await delay(1);
            if (rounds === 5) currentBoard().restart();
          } catch {
            // goes on, it believes
          }
        }
      });
      expect(rounds).to.equal(6);
    });

    it("lets no wait of it end", async () => {
      let ended = false;
      const board = new VirtualBoard(EVEN);
      let lives = 0;
      await board.start(() => ({
        async setup() {
          if (++lives > 1) return;
          currentBoard().clock.after(5, () => board.cutPower());
          await delay(10);
          ended = true;
        },
      }));
      await board.advance(20);
      expect(ended).to.equal(false);
      expect(board.clock.pending).to.equal(0);
    });

    it("gives what a promise outside of it resolves with to nobody", async () => {
      let ended = false;
      const board = new VirtualBoard(EVEN);
      let answer = (_value: number): void => {};
      const asked = new Promise<number>((resolve) => (answer = resolve));
      await board.start({
        async setup() {
          await currentBoard().waitFor(asked, "an answer");
          ended = true;
        },
      });
      board.cutPower();
      answer(1);
      await board.advance(1);
      expect(ended).to.equal(false);
    });
  });

  it("waits for a promise, and hands on how it settled", async () => {
    const seen: unknown[] = [];
    const board = new VirtualBoard(EVEN);
    await board.start({
      async setup() {
        seen.push(await currentBoard().waitFor(Promise.resolve(7), "a number"));
        seen.push(await rejection(currentBoard().waitFor(Promise.reject(new Error("no")), "a number")));
      },
    });
    expect(seen[0]).to.equal(7);
    expect(seen[1]).to.have.property("message", "no");
    expect(board.state).to.equal("running");
  });

  it("leaves the second of two forgotten waits pending: nobody hears of a rejection that nobody handles", async () => {
    const ends: string[] = [];
    const error = await failure({
      loop() {
        void delay(10);
        for (const wait of [delay(20), currentBoard().waitFor(Promise.reject(new Error("late")), "a wait")]) {
          void wait.then(
            () => ends.push("went on"),
            () => ends.push("rejected"),
          );
        }
      },
    });
    await new Promise(setImmediate);
    expect(error.message).to.include("went on while delay(10)");
    expect(ends).to.deep.equal([]);
  });

  it("ends a sketch also where what it throws throws when it is looked at", async () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const hostile = {
      get stack(): string {
        throw new Error("no stack");
      },
      toString(): string {
        throw new Error("no text");
      },
    };
    for (const thrown of [hostile, revoked.proxy]) {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- sketches do
      const error = await failure({ loop: () => { throw thrown; } }); // prettier-ignore
      expect([error.where, error.site]).to.deep.equal(["loop()", null]);
    }
  });
});

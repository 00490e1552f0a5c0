import { expect } from "chai";
import {
  analogWrite,
  attachInterrupt,
  CHANGE,
  delay,
  digitalRead,
  INPUT_PULLUP,
  LOW,
  millis,
  pinMode,
} from "../../lib/arduino/index.js";
import { VirtualBoard, VirtualClock } from "../../lib/testing/index.js";
import { shared } from "../../lib/arduino/board/shared.js";
import { rejection } from "../arduino/rejection.js";
import { EVEN } from "../support/even-time.js";

/** A sketch that notes each change of a button, when it polls it. */
function buttonLog(seen: [number, number][]) {
  let last = 1;
  return {
    setup: () => pinMode(0, INPUT_PULLUP),
    loop() {
      const level = digitalRead(0);
      if (level !== last) seen.push([millis(), (last = level)]);
    },
  };
}

describe("testing/virtual-board", () => {
  it("runs setup as far as its first wait when it is started", async () => {
    const seen: string[] = [];
    const board = new VirtualBoard(EVEN);
    await board.start({
      async setup() {
        seen.push("before");
        await delay(1);
        seen.push("after");
      },
    });
    expect(seen).to.deep.equal(["before"]);
    await board.advance(1);
    expect(seen).to.deep.equal(["before", "after"]);
  });

  it("holds a button to ground and lets it go, while time moves", async () => {
    const seen: [number, number][] = [];
    const board = new VirtualBoard(EVEN);
    await board.start(buttonLog(seen));
    await board.advance(10);
    await board.press(0, { holdMs: 80 });
    await board.advance(10);
    expect(seen).to.deep.equal([
      [11, 0],
      [91, 1],
    ]);
  });

  it("lets the contact chatter, the same for one seed", async () => {
    const run = async (seed: number): Promise<number[]> => {
      const edges: number[] = [];
      const board = new VirtualBoard({ ...EVEN, seed });
      await board.start({
        setup() {
          pinMode(0, INPUT_PULLUP);
          attachInterrupt(0, () => edges.push(board.clock.now()), CHANGE);
        },
      });
      await board.press(0, { holdMs: 50, bounceMs: 5 });
      return edges;
    };
    const edges = await run(4);
    expect(edges.length).to.be.within(6, 200);
    // Both ends chatter for 5 ms at most, and in between the button is held.
    expect(
      edges.every((atMs) => atMs <= 5 || (atMs >= 50 && atMs <= 55)),
      `seed 4: ${edges.join(", ")}`,
    ).to.equal(true);
    for (const end of [edges.filter((atMs) => atMs <= 5), edges.filter((atMs) => atMs >= 50)]) {
      expect(end.length, "seed 4").to.be.greaterThan(2);
      expect(end.length % 2, "seed 4").to.equal(1);
    }
    expect(await run(4)).to.deep.equal(edges);
    expect(await run(5)).not.to.deep.equal(edges);
  });

  it("moves time until something holds, and says how long that took", async () => {
    const board = new VirtualBoard({ ...EVEN, seed: 77 });
    let turns = 0;
    await board.start({ loop: () => void turns++ });
    expect(await board.advanceUntil(() => turns === 51)).to.equal(50);
    const error = await rejection(board.advanceUntil(() => false, { withinMs: 5 }));
    expect(error.message).to.equal("what was waited for did not come within 5 ms (seed: 77)");
  });

  it("names its seed in the error of a sketch", async () => {
    const board = new VirtualBoard({ ...EVEN, seed: 77 });
    const error = await rejection(board.start({ setup: () => { throw new Error("broken"); } })); // prettier-ignore
    expect(error.message).to.match(/^setup\(\): broken\n.*\n.*seed: 77\)$/);
  });

  it("powers up again with another sketch, and keeps its wiring", async () => {
    const board = new VirtualBoard(EVEN);
    board.setInput(0, LOW);
    await board.start({});
    expect((await rejection(board.start({}))).message).to.include("a sketch runs already");
    board.cutPower();
    expect(board.state).to.equal("ended");
    const seen: [number, number][] = [];
    await board.start(buttonLog(seen));
    await board.advance(1);
    expect(seen).to.deep.equal([[0, 0]]);
  });

  it("tells a device that is wired to it of a pin's changes, until it is unplugged", async () => {
    const board = new VirtualBoard(EVEN);
    const seen: number[] = [];
    const unplug = board.onOutput(2, (value) => seen.push(value));
    await board.start({
      async loop() {
        analogWrite(2, millis() % 256);
        analogWrite(4, 1);
        await delay(10);
      },
    });
    await board.advance(25);
    unplug();
    await board.advance(25);
    expect(seen).to.deep.equal([0, 10, 20]);
  });

  it("shares its clock with other boards", async () => {
    const clock = new VirtualClock();
    const network = {
      clock,
      ready: Promise.resolve(),
      plugIn: () => ({ up: true, silence: () => {}, dialer: () => { throw new Error("nobody is here"); } }), // prettier-ignore
    };
    const boards = [new VirtualBoard({ ...EVEN, gateway: network }), new VirtualBoard({ ...EVEN, gateway: network })];
    const seen: string[] = [];
    for (const [index, board] of boards.entries()) {
      await board.start({
        async loop() {
          seen.push(`${index} ${millis()}`);
          await delay(10);
        },
      });
    }
    await boards[0]!.advance(10);
    expect(seen).to.deep.equal(["0 0", "1 0", "0 10", "1 10"]);
  });

  it("starts again after a sketch that failed, of which nobody is told any more", async () => {
    const board = new VirtualBoard(EVEN);
    const setup = (): void => { throw new Error("the first"); }; // prettier-ignore
    expect((await rejection(board.start({ setup }))).message).to.include("the first");
    await board.start({});
    await board.advance(10);
    expect(board.state).to.equal("running");
  });

  it("waits before a sketch starts for what each copy of this library has to prepare", async () => {
    let isReady = false;
    const prepare = async (): Promise<void> => {
      await new Promise(setImmediate);
      isReady = true;
    };
    shared.preparations.add(prepare);
    try {
      const seen: boolean[] = [];
      await new VirtualBoard(EVEN).start({ setup: () => seen.push(isReady) });
      expect(seen).to.deep.equal([true]);
    } finally {
      shared.preparations.delete(prepare);
    }
  });
});

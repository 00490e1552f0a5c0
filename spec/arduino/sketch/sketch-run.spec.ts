import { expect } from "chai";
import { currentBoard } from "../../../lib/arduino/board/current-board.js";
import { delay, digitalWrite, HIGH, LOW, millis, OUTPUT, pinMode } from "../../../lib/arduino/index.js";
import { VirtualBoard } from "../../../lib/testing/index.js";
import { EVEN } from "../../support/even-time.js";

/** Something open whose end is noted. */
function open(name: string, ends: string[]): () => void {
  return currentBoard().own({
    drop: () => void ends.push(`${name} dropped`),
    close: async () => void ends.push(`${name} closed`),
  });
}

describe("arduino/sketch/sketch-run", () => {
  it("begins each life with the sketch's variables and the time afresh", async () => {
    const board = new VirtualBoard({ ...EVEN, startMillis: 1_000 });
    const seen: unknown[] = [];
    await board.start(() => {
      let turns = 0;
      return {
        setup: () => void seen.push(["setup", millis(), turns, currentBoard().wakeCause]),
        async loop() {
          turns++;
          await delay(100);
          currentBoard().restart();
        },
      };
    });
    await board.advance(101);
    expect(seen).to.deep.equal([
      ["setup", 1_000, 0, "power"],
      ["setup", 0, 0, "restart"],
    ]);
    expect(board.lives).to.equal(2);
    expect(board.state).to.equal("running");
  });

  it("keeps the variables of a sketch that is an object", async () => {
    const board = new VirtualBoard(EVEN);
    let boots = 0;
    await board.start({
      async setup() {
        boots++;
        await delay(10);
        if (boots < 3) currentBoard().restart();
      },
    });
    await board.advance(100);
    expect(boots).to.equal(3);
  });

  it("lets time go on where a sketch does nothing but restart", async () => {
    const board = new VirtualBoard(EVEN);
    await board.start({ setup: () => currentBoard().restart() });
    await board.advance(100);
    expect(board.lives).to.equal(101);
  });

  it("sleeps until its time has come, with no pin driven", async () => {
    const board = new VirtualBoard(EVEN);
    const causes: string[] = [];
    await board.start(() => ({
      setup() {
        causes.push(currentBoard().wakeCause);
        pinMode(2, OUTPUT);
        digitalWrite(2, HIGH);
      },
      async loop() {
        await delay(10);
        currentBoard().deepSleep({ afterUs: 60_000_000 });
      },
    }));
    await board.advance(1_000);
    expect(board.state).to.equal("sleeping");
    expect(board.output(2)).to.equal(null);
    await board.advance(59_000 + 11);
    expect(board.state).to.equal("running");
    expect(causes).to.deep.equal(["power", "timer"]);
    expect(board.outputs(2)).to.deep.equal([
      { atMs: 0, value: HIGH },
      { atMs: 60_011, value: HIGH },
    ]);
  });

  it("sleeps until a pin has the level it was told to wait for", async () => {
    const board = new VirtualBoard(EVEN);
    const causes: string[] = [];
    board.setInput(33, HIGH);
    await board.start(() => ({
      setup: () => void causes.push(currentBoard().wakeCause),
      loop: () => currentBoard().deepSleep({ pin: { number: 33, level: LOW } }),
    }));
    await board.advance(3_600_000);
    expect(causes).to.deep.equal(["power"]);
    board.setInput(34, LOW);
    board.setInput(33, LOW);
    await board.advance(1);
    expect(causes).to.deep.equal(["power", "pin"]);
    // The pin is still low, so the next sleep is over at once.
    await board.advance(1);
    expect(causes).to.deep.equal(["power", "pin", "pin"]);
  });

  it("drops what is open on a restart, in deep sleep and without power, and closes it when stopped", async () => {
    const ends: string[] = [];
    const board = new VirtualBoard(EVEN);
    const sketch = (end: () => void) => () => ({
      setup() {
        open("session", ends);
        open("given back", ends)();
      },
      async loop() {
        await delay(10);
        end();
      },
    });
    await board.start(sketch(() => currentBoard().deepSleep({})));
    await board.advance(10);
    expect(ends.splice(0)).to.deep.equal(["session dropped"]);
    board.cutPower();
    await board.start(sketch(() => currentBoard().restart()));
    await board.advance(10);
    expect(ends.splice(0)).to.deep.equal(["session dropped"]);
    board.cutPower();
    await board.start(sketch(() => {}));
    board.cutPower();
    expect(ends.splice(0)).to.deep.equal(["session dropped"]);
    await board.start(sketch(() => {}));
    await board.stop();
    expect(ends.splice(0)).to.deep.equal(["session closed"]);
    await board.start(sketch(() => { throw new Error("broken"); })); // prettier-ignore
    await board.advance(20).catch(() => {});
    expect(ends).to.deep.equal(["session closed"]);
  });

  it("leaves no timer behind, asleep, booting, or running", async () => {
    for (const end of [
      () => currentBoard().deepSleep({ afterUs: 1e6 }),
      () => currentBoard().deepSleep({ pin: { number: 4, level: LOW } }),
      () => currentBoard().restart(),
      () => delay(1_000),
    ]) {
      const board = new VirtualBoard(EVEN);
      await board.start({ setup: async () => end() });
      board.cutPower();
      expect(board.clock.pending).to.equal(0);
      expect(board.state).to.equal("ended");
      board.setInput(4, LOW);
      await board.advance(2_000);
      expect(board.lives).to.equal(1);
    }
  });

  it("stops twice, and after a power cut, without harm", async () => {
    const board = new VirtualBoard(EVEN);
    await board.stop();
    await board.start({});
    await board.stop();
    await board.stop();
    board.cutPower();
    expect(board.state).to.equal("ended");
  });
});

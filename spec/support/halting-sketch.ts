/** Sketches that halt, each as a program of its own, as what it does cannot be undone by a spec: `halting-sketch NAME`. */
import { delay, runSketch, type Sketch } from "../../lib/arduino/index.js";
import { VirtualBoard } from "../../lib/testing/index.js";

const LIMIT_MS = 200;
const [name = ""] = process.argv.slice(2);
const never = { flag: false };

/** Without the formats of `Serial`. */
function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const sketches: Readonly<Record<string, Sketch>> = {
  "in loop": {
    loop() {
      // halts in loop
      while (!never.flag);
    },
  },
  "in setup": {
    setup() {
      // halts in setup
      for (;;);
    },
  },
  "after a wait": {
    async setup() {
      await delay(10);
      // halts after a wait
      for (;;);
    },
  },
  "in promises": {
    async loop() {
      // halts in promises
      for (;;) await Promise.resolve();
    },
  },
  "behind catch": {
    loop() {
      for (;;) {
        try {
          // halts behind catch
          while (!never.flag);
        } catch {
          say("caught");
        } finally {
          say("finally");
        }
      }
    },
  },
};

/** A board in a test: what the test sees of the halt, and whether it goes on as if nothing had been. */
async function onVirtualBoard(sketch: Sketch): Promise<void> {
  const board = new VirtualBoard({ watchdogMs: LIMIT_MS, turnMs: 1 });
  try {
    await board.start(sketch);
    await board.advance(1_000);
    say("nothing happened");
  } catch (error) {
    say(`${board.state} ${String(error)}`);
  }
  let turns = 0;
  const next = new VirtualBoard({ watchdogMs: LIMIT_MS, turnMs: 1 });
  await next.start({ loop: () => void turns++ });
  await next.advance(100);
  await next.stop();
  await board.start({ loop: () => void turns++ });
  await board.advance(100);
  await board.stop();
  say(`then ${turns} turns`);
}

/** A healthy sketch on a machine that is busy with others: it stands still for longer than the limit, without CPU time. */
async function starved(): Promise<void> {
  let turns = 0;
  const stop = new AbortController();
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const loop = (): void => {
    Atomics.wait(sleeper, 0, 0, 3 * LIMIT_MS);
    if (++turns === 3) stop.abort();
  };
  await runSketch({ loop }, { watchdogMs: LIMIT_MS, signal: stop.signal });
  say(`${turns} turns`);
}

/** A test that computes for longer than the limit while a sketch waits for a promise of its own. */
async function busyTest(): Promise<void> {
  const board = new VirtualBoard({ watchdogMs: LIMIT_MS, turnMs: 1 });
  await board.start({ loop: () => new Promise<void>(() => {}) });
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < 5 * LIMIT_MS * 1_000);
  await board.advance(1);
  await board.stop();
  say("went on");
}

const [where, ...words] = name.split(": ");
const sketch = sketches[words.join(": ")];
if (name === "starved") await starved();
else if (name === "busy test") await busyTest();
else if (where === "board" && sketch !== undefined) await onVirtualBoard(sketch);
else if (where === "pc" && sketch !== undefined) await runSketch(sketch, { watchdogMs: LIMIT_MS });
else throw new Error(`no such sketch: ${name}`);

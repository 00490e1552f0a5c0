import { expect } from "chai";
import sharedState from "../../../examples/sketches/shared-state/shared-state.js";
import { type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

const PIR_PIN = 13;
const OUTBOX = 16;

describe("the sketch shared-state", () => {
  let bench: Bench;
  let answers: boolean;
  /** What the gateway has stored: each event once, by its number. */
  let stored: number[];
  let copies: number;

  beforeEach(async () => {
    answers = true;
    stored = [];
    copies = 0;
    bench = await startSketch(sharedState, {
      board: EVEN,
      prepare: ({ gateway, board }) => {
        board.setInput(PIR_PIN, 0);
        gateway.usmp.onMessage((data, _len, session) => {
          if (!answers) return;
          const number = Number(/^motion (\d+) at \d+$/.exec(data.toString())?.[1]);
          if (stored.includes(number)) copies++;
          else stored.push(number);
          session.send(`ack ${number}`);
        });
      },
    });
    await bench.gateway.waitForSession();
  });

  afterEach(() => stopSketch(bench));

  async function motion(times = 1): Promise<void> {
    for (let index = 0; index < times; index++) {
      bench.board.setInput(PIR_PIN, 1);
      await bench.board.advance(500);
      bench.board.setInput(PIR_PIN, 0);
      await bench.board.advance(500);
    }
  }

  /** 1, 2, 3, ... */
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  it("tells each motion once, with its time", async () => {
    await motion(3);
    const times = bench.gateway.messages.map(({ text }) => Number(/ at (\d+)$/.exec(text)?.[1]));
    expect(stored).to.deep.equal([1, 2, 3]);
    expect(times[1]! - times[0]!).to.be.closeTo(1_000, 1);
    await bench.board.advance(60_000);
    expect(copies).to.equal(0);
  });

  it("sends again after 5 seconds what was not answered, until it is", async () => {
    answers = false;
    await motion(2);
    await bench.board.advance(20_000);
    expect(bench.gateway.messages.map(({ text }) => text.split(" ")[1])).to.deep.equal(["1", "1", "1", "1", "1"]);
    answers = true;
    await bench.board.advance(6_000);
    expect(stored).to.deep.equal([1, 2]);
  });

  it("loses nothing with a connection that breaks while events are on their way", async () => {
    answers = false;
    await motion(3);
    answers = true;
    await bench.board.advance(5_000);
    answers = false;
    await motion();
    answers = true;
    bench.gateway.dropConnection();
    // The board notices when it sends again.
    await bench.board.advance(8_000);
    expect(stored).to.deep.equal([1, 2, 3, 4]);
  });

  it("tells what happened without network, in order, when it is back", async () => {
    await motion(2);
    bench.gateway.loseNetwork();
    await motion(3); // send() takes these: nobody has noticed the loss yet
    await goOffline(bench);
    await motion(4);
    bench.gateway.restoreNetwork();
    await bench.board.advance(40_000);
    expect(stored).to.deep.equal(numbers(9));
  });

  it("tells what happened before the first session", async () => {
    await stopSketch(bench);
    bench = await startSketch(sharedState, {
      board: EVEN,
      prepare: ({ gateway, board }) => {
        board.setInput(PIR_PIN, 0);
        gateway.loseNetwork();
      },
    });
    await motion();
    bench.gateway.restoreNetwork();
    expect(await bench.gateway.next({ withinMs: 40_000 })).to.match(/^motion 1 at \d$/);
  });

  it("keeps the first events where the outbox is full, and shows in the numbers that some are missing", async () => {
    await goOffline(bench);
    await motion(OUTBOX + 4);
    bench.gateway.restoreNetwork();
    await bench.board.advance(40_000);
    await motion();
    expect(stored).to.deep.equal([...numbers(OUTBOX), OUTBOX + 5]);
  });

  it("goes through a hundred losses of every kind without losing or reordering an event", async () => {
    for (let index = 0; index < 100; index++) {
      await motion();
      if (index % 3 === 0) bench.gateway.dropConnection();
      if (index % 3 === 1) answers = !answers;
      if (index % 7 === 0) await bench.gateway.restart();
      if (index % 10 === 9) {
        answers = true;
        await bench.board.advance(10_000);
      }
    }
    answers = true;
    await bench.board.advance(40_000);
    expect(stored).to.deep.equal(numbers(100));
  });
});

import { expect } from "chai";
import ringBufferLogger from "../../../examples/sketches/ring-buffer-logger/ring-buffer-logger.js";
import { type Bench, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

const SENSOR_PIN = 34;

describe("the sketch ring-buffer-logger", () => {
  let bench: Bench;
  let answers: boolean;
  /** What a gateway has stored that knows each second once. */
  let seconds: Set<number>;
  let copies: number;
  let overwritten: number;
  let longest: number;

  beforeEach(async () => {
    answers = true;
    seconds = new Set();
    copies = overwritten = longest = 0;
    bench = await startSketch(ringBufferLogger, {
      board: EVEN,
      prepare: ({ gateway, board }) => {
        // A sensor that tells the time, so that each line shows when it was read.
        board.setAnalog(SENSOR_PIN, () => Math.floor(board.clock.now() / 1_000) % 4_096);
        gateway.usmp.onMessage((data, _len, session) => {
          if (!answers) return;
          store(data.toString());
          session.send("ok");
        });
      },
    });
  });

  function store(text: string): void {
    const lines = text.trimEnd().split("\n");
    const told = /^overwritten (\d+)$/.exec(lines[0]!)?.[1];
    if (told !== undefined) {
      overwritten += Number(told);
      lines.shift();
    }
    longest = Math.max(longest, lines.length);
    for (const line of lines) {
      const [, second, value] = /^(\d+),(\d+)$/.exec(line)!;
      if (seconds.has(Number(second))) copies++;
      seconds.add(Number(second));
      expect(Number(value), "read in its second").to.equal(Number(second));
    }
  }

  /** All the seconds from `from` to `to`. */
  const range = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const stored = (): number[] => [...seconds].sort((a, b) => a - b);

  afterEach(() => stopSketch(bench));

  it("logs every second, as it comes", async () => {
    await bench.board.advance(300_500);
    expect(stored()).to.deep.equal(range(1, 300));
    expect({ copies, overwritten, longest }).to.deep.equal({ copies: 0, overwritten: 0, longest: 1 });
  });

  it("loses no second in five minutes without network, and sends them in batches of 20", async () => {
    await bench.board.advance(60_500);
    bench.gateway.loseNetwork();
    await bench.board.advance(300_000);
    bench.gateway.restoreNetwork();
    await bench.board.advance(60_000);
    expect(stored()).to.deep.equal(range(1, 420));
    expect({ overwritten, longest }).to.deep.equal({ overwritten: 0, longest: 20 });
  });

  it("keeps the last ten minutes of twelve, and says how much is missing", async () => {
    await bench.board.advance(60_500);
    bench.gateway.loseNetwork();
    await bench.board.advance(720_000);
    bench.gateway.restoreNetwork();
    await bench.board.advance(60_000);
    const last = stored().at(-1)!;
    expect(last).to.equal(840);
    const after = stored().filter((second) => second > 60);
    expect(after).to.deep.equal(range(after[0]!, 840));
    expect(overwritten).to.equal(after[0]! - 61);
    expect(overwritten).to.be.within(120, 155); // as long as the device took to come back
  });

  it("sends a batch again that a gateway got and did not answer", async () => {
    await bench.board.advance(10_500);
    answers = false;
    await bench.board.advance(10_000);
    answers = true;
    await bench.gateway.restart();
    await bench.board.advance(10_000);
    expect(stored()).to.deep.equal(range(1, 31));
  });

  it("sends nothing twice while all goes well, through a restart of the gateway", async () => {
    await bench.board.advance(10_500);
    await bench.gateway.restart({ downMs: 20_000 });
    await bench.board.advance(40_000);
    expect(stored()).to.deep.equal(range(1, 70));
    expect(copies).to.be.at.most(1);
  });
});

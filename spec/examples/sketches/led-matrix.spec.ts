import { expect } from "chai";
import ledMatrix from "../../../examples/sketches/led-matrix/led-matrix.js";
import { ask, backOnline, endSessions, type Bench, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

const DATA_PIN = 23;
const CLOCK_PIN = 18;
const LATCH_PIN = 5;
/** All rows once. */
const PICTURE_MS = 16;

const HEART = `
  ........
  .##..##.
  ########
  ########
  ########
  .######.
  ..####..
  ...##...
`;

const NO_LINK = `
  #......#
  .#....#.
  ..#..#..
  ........
  ........
  ..#..#..
  .#....#.
  #......#
`;

/** Two 74HC595 one behind the other, and the matrix at their outputs. */
class Matrix {
  /** What each row has shown last. */
  readonly rows = Array<number>(8).fill(0);
  readonly lit: { readonly row: number; readonly atMs: number }[] = [];
  #shifted = 0;

  constructor({ board }: Bench) {
    board.onOutput(CLOCK_PIN, (level) => {
      if (level === 1) this.#shifted = ((this.#shifted << 1) | (board.output(DATA_PIN) ?? 0)) & 0xffff;
    });
    board.onOutput(LATCH_PIN, (level) => {
      if (level !== 1) return;
      const row = Math.log2(this.#shifted >> 8);
      this.rows[row] = this.#shifted & 0xff;
      this.lit.push({ row, atMs: board.clock.now() });
    });
  }

  toString(): string {
    const text = this.rows.map((row) => row.toString(2).padStart(8, "0").replaceAll("0", ".").replaceAll("1", "#"));
    return `\n  ${text.join("\n  ")}\n`;
  }
}

describe("the sketch led-matrix", () => {
  let bench: Bench;
  let matrix: Matrix;

  async function shown(): Promise<string> {
    await bench.board.advance(PICTURE_MS + 1);
    return String(matrix);
  }

  beforeEach(async () => {
    bench = await startSketch(ledMatrix, { board: EVEN, prepare: (prepared) => (matrix = new Matrix(prepared)) });
    expect(await bench.gateway.next()).to.equal("showing clear");
  });

  afterEach(() => stopSketch(bench));

  it("lights one row at a time, each every 16 ms", async () => {
    await bench.board.advance(1_000);
    const rows = matrix.lit.map(({ row }) => row);
    for (const [index, row] of rows.entries()) expect(row).to.equal((rows[0]! + index) % 8);
    const pauses = matrix.lit.slice(1).map(({ atMs }, index) => atMs - matrix.lit[index]!.atMs);
    expect(new Set(pauses)).to.deep.equal(new Set([2]));
  });

  it("shows a heart", async () => {
    expect(await ask(bench, "heart")).to.equal("showing heart");
    expect(await shown()).to.equal(HEART);
  });

  it('shows the eight rows that the gateway sends, and nothing after "clear"', async () => {
    const heart = HEART.trim().split(/\s+/);
    const bytes = Uint8Array.from(heart, (row) => parseInt(row.replaceAll(".", "0").replaceAll("#", "1"), 2));
    expect(await ask(bench, bytes)).to.equal("showing picture");
    expect(await shown()).to.equal(HEART);
    expect(await ask(bench, "heart\0\0\0")).to.equal("showing picture");
    expect(await ask(bench, "clear")).to.equal("showing clear");
    expect(await shown()).to.not.contain("#");
  });

  it("moves the alien's feet every 400 ms", async () => {
    await ask(bench, "alien");
    const feet: string[] = [];
    for (let index = 0; index < 6; index++) {
      feet.push((await shown()).trim().split(/\s+/)[7]!);
      await bench.board.advance(400 - PICTURE_MS - 1);
    }
    expect(feet).to.deep.equal(["#.#..#.#", ".#....#.", "#.#..#.#", ".#....#.", "#.#..#.#", ".#....#."]);
  });

  it("refuses what is no picture, and shows on what it showed", async () => {
    await ask(bench, "heart");
    expect(await ask(bench, "1234567")).to.equal("ERR 8 bytes, heart, alien or clear");
    expect(await shown()).to.equal(HEART);
  });

  it("shows a broken link where there is none, and its picture again when there is", async () => {
    await ask(bench, "heart");
    endSessions(bench);
    await bench.board.advance(9_900);
    expect(await shown()).to.equal(HEART);
    await bench.board.advance(105);
    expect(await shown()).to.equal(NO_LINK);
    bench.gateway.acceptKey();
    expect(await backOnline(bench)).to.equal("showing heart");
    expect(await shown()).to.equal(HEART);
  });

  it("stays with its picture while a gateway restarts within ten seconds", async () => {
    await ask(bench, "heart");
    await bench.gateway.restart({ downMs: 5_000 });
    expect(await shown()).to.equal(HEART);
    expect(await bench.gateway.next()).to.equal("showing heart");
  });
});

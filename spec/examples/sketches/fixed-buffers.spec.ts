import { expect } from "chai";
import fixedBuffers from "../../../examples/sketches/fixed-buffers/fixed-buffers.js";
import { ask, type Bench, startSketch, stopSketch } from "../../support/sketch-bench.js";

const LONGEST_MESSAGE = 1808;

describe("the sketch fixed-buffers", () => {
  let bench: Bench;

  /** What the display shows: the last two lines on the serial monitor. */
  const display = (): string[] => bench.board.serial.text.trimEnd().split("\n").slice(-2);

  beforeEach(async () => {
    bench = await startSketch(fixedBuffers);
  });

  afterEach(() => stopSketch(bench));

  it("shows two empty lines from the start", () => {
    expect(bench.board.serial.text).to.equal("|                |\n|                |\n");
  });

  it("shows what fits", async () => {
    expect(await ask(bench, "1 Hello")).to.equal("OK 1");
    expect(await ask(bench, "2 seventeen columns")).to.equal("CUT 2 1");
    expect(await ask(bench, "2 16 columns wide!")).to.equal("OK 2");
    expect(display()).to.deep.equal(["|Hello           |", "|16 columns wide!|"]);
  });

  it("says how much it cut, up to the longest message there is", async () => {
    expect(await ask(bench, "1 " + "x".repeat(LONGEST_MESSAGE - 2))).to.equal("CUT 1 1790");
    expect(display()[0]).to.equal("|xxxxxxxxxxxxxxxx|");
    expect(await ask(bench, "stats")).to.equal("messages 2 longest 1808 cut 1");
  });

  it("shows nothing that a display cannot", async () => {
    expect(await ask(bench, "1 a\tb\0c\u00e9")).to.equal("OK 1");
    expect(display()[0]).to.equal("|a?b?c??         |");
  });

  it("empties both lines", async () => {
    await ask(bench, "1 Hello");
    expect(await ask(bench, "clear")).to.equal("OK clear");
    expect(display()).to.deep.equal(["|                |", "|                |"]);
  });

  for (const message of ["3 Hello", "1", "clear!", "cle", " "]) {
    it(`does not take "${message}"`, async () => {
      expect(await ask(bench, message)).to.equal("ERR 1, 2, clear or stats");
    });
  }

  it("keeps its counts and lines through a restart of the gateway", async () => {
    await ask(bench, "1 Hello");
    await bench.gateway.restart();
    expect(await ask(bench, "stats")).to.equal("messages 2 longest 7 cut 0");
    expect(display()[0]).to.equal("|Hello           |");
  });
});

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import serialBridge from "../../../examples/sketches/serial-bridge/serial-bridge.js";
import { backOnline, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";

describe("the sketch serial-bridge", () => {
  let bench: Bench;

  const texts = (): string[] => bench.gateway.messages.map(({ text }) => text);

  /** As the device at the port does it: a line, and the time that the sketch has before the next. */
  async function type(text: string): Promise<void> {
    bench.board.serial1.type(text);
    await bench.board.advance(5);
  }

  beforeEach(async () => {
    bench = await startSketch(serialBridge);
    await bench.gateway.waitForSession();
  });

  afterEach(() => stopSketch(bench));

  it("makes each line a message, without its end", async () => {
    await type("1250 g\r\n1251 g\n\r\n\n1252 g\r\n");
    expect(texts()).to.deep.equal(["1250 g", "1251 g", "1252 g"]);
  });

  it("waits for the end of a line that comes in pieces", async () => {
    for (const piece of ["12", "50", " g", "\r"]) await type(piece);
    await bench.gateway.expectNothing(10_000);
    await type("\n");
    expect(texts()).to.deep.equal(["1250 g"]);
  });

  it("passes on bytes that are no text", async () => {
    bench.board.serial1.type(Uint8Array.of(0xff, 0x00, 0x80, 0x0a));
    expect(await bench.gateway.nextBytes()).to.deep.equal(Buffer.from([0xff, 0x00, 0x80]));
  });

  it("passes on bytes that are no text on a board, too, where there is a compiler", function () {
    if (spawnSync("g++", ["--version"]).error !== undefined) this.skip();
    const folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
    try {
      const program = join(folder, "serial-bridge");
      const options = ["-std=gnu++17", "-include", "Arduino.h", "-Ispec/support/arduino-headers", "-o", program];
      const compiler = spawnSync("g++", [...options, "spec/support/arduino-host/serial-bridge.cpp"]);
      expect(compiler.stderr.toString()).to.equal("");
      const { stdout } = spawnSync(program, { input: Uint8Array.of(0xff, 0x00, 0x80, 0x0d, 0x0a, 0x31, 0x0a) });
      expect(stdout.toString()).to.equal("ff0080\n31\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("gives the device each message as a line", async () => {
    bench.gateway.send("ZERO");
    bench.gateway.send("TARE");
    await bench.board.advance(10);
    expect(bench.board.serial1.text).to.equal("ZERO\r\nTARE\r\n");
  });

  it("passes on a line of 120 bytes, and not half of one that is longer", async () => {
    await type(`${"x".repeat(120)}\n`);
    expect(await bench.gateway.next()).to.equal("x".repeat(120));
    await type(`${"y".repeat(121)}\n`);
    expect(await bench.gateway.next()).to.equal("dropped 1");
    await type("1250 g\n");
    expect(await bench.gateway.next()).to.equal("1250 g");
  });

  it("keeps the last 32 lines while the network is lost, and says how many it dropped", async () => {
    await goOffline(bench);
    for (let line = 1; line <= 40; line++) await type(`line ${line}\n`);
    expect(await backOnline(bench)).to.equal("dropped 8");
    for (let line = 9; line <= 40; line++) expect(await bench.gateway.next()).to.equal(`line ${line}`);
    await bench.gateway.expectNothing(5_000);
  });

  it("keeps what comes before the first session", async () => {
    await stopSketch(bench);
    bench = await startSketch(serialBridge, { prepare: ({ gateway }) => gateway.refuseKey() });
    await type("early\n");
    await bench.board.advance(10_000);
    bench.gateway.acceptKey();
    expect(await bench.gateway.next({ withinMs: 35_000 })).to.equal("early");
  });
});

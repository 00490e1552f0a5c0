import { expect } from "chai";
import commandParser from "../../../examples/sketches/command-parser/command-parser.js";
import { HIGH } from "../../../lib/arduino/index.js";
import { ask, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";

describe("the sketch command-parser", () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startSketch(commandParser);
    await bench.board.advance(10);
  });

  afterEach(() => stopSketch(bench));

  it("lists its commands as one message", async () => {
    expect(await ask(bench, "help")).to.equal("help uptime mode read write adc echo \r\n");
  });

  it("tells whole seconds since the start", async () => {
    await bench.board.advance(12_900);
    expect(await ask(bench, "uptime")).to.equal("uptime 12\n");
  });

  it("drives a pin", async () => {
    expect(await ask(bench, "mode 16 out")).to.equal("OK\r\n");
    expect(await ask(bench, "write 16 1")).to.equal("OK\r\n");
    expect(bench.board.output(16)).to.equal(HIGH);
    expect(await ask(bench, "write 16 0")).to.equal("OK\r\n");
    expect(bench.board.outputs(16).map(({ value }) => value)).to.deep.equal([1, 0]);
  });

  it("reads a pin, and its pull-up where nothing is wired to it", async () => {
    expect(await ask(bench, "mode 4 pullup")).to.equal("OK\r\n");
    expect(await ask(bench, "read 4")).to.equal("1\n");
    bench.board.setInput(4, 0);
    expect(await ask(bench, "read 4")).to.equal("0\n");
  });

  it("reads a voltage", async () => {
    bench.board.setAnalog(34, 1234);
    expect(await ask(bench, "adc 34")).to.equal("1234\n");
  });

  it("keeps quoted words together", async () => {
    expect(await ask(bench, 'echo "two words"\r\n')).to.equal("two words\r\n");
    expect(await ask(bench, 'echo ""')).to.equal("\r\n");
    expect(await ask(bench, 'echo "no end')).to.equal("no end\r\n");
  });

  for (const [line, answer] of [
    ["reboot", "ERR no command reboot, try help\n"],
    ["read", "ERR read takes 1, not 0\n"],
    ["read 4 5", "ERR read takes 1, not 2\n"],
    ["read 6", "ERR 6 is not a free pin\n"],
    ["write 4x 1", "ERR 4x is not a free pin\n"],
    ["mode 4 sideways", "ERR mode is in, out or pullup, not sideways\n"],
    ["write 16 2", "ERR a pin takes 0 or 1\r\n"],
    ["echo a b c d", "ERR more than 4 words\n"],
    ["x".repeat(81), "ERR too long\r\n"],
  ] as const) {
    it(`answers "${line.slice(0, 20)}" with an error`, async () => {
      expect(await ask(bench, line)).to.equal(answer);
    });
  }

  it("takes the same commands from the serial monitor, in whatever pieces they come", async () => {
    bench.board.serial.type("echo hel");
    await bench.board.advance(5_000);
    bench.board.serial.type("lo\r\nuptime\n\nread 6\n");
    await bench.board.advance(10);
    expect(bench.board.serial.text).to.equal("hello\r\nuptime 5\nERR 6 is not a free pin\n");
  });

  it("is there on the serial monitor while the network is lost, and for the gateway afterwards", async () => {
    await goOffline(bench);
    bench.board.serial.type("mode 2 out\nwrite 2 1\n");
    await bench.board.advance(10);
    expect(bench.board.output(2)).to.equal(HIGH);
    bench.gateway.restoreNetwork();
    await bench.board.advance(35_000);
    expect(await ask(bench, "read 2")).to.equal("1\n");
  });
});

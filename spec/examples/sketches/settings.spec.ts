import { expect } from "chai";
import settings from "../../../examples/sketches/settings/settings.js";
import { ask, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

describe("the sketch settings", () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startSketch(settings, { board: EVEN });
    expect(await bench.gateway.next()).to.equal("name=unnamed interval=30 boots=1");
  });

  afterEach(() => stopSketch(bench));

  it("takes a name and an interval, and uses them at once", async () => {
    expect(await ask(bench, "set name kitchen")).to.equal("name=kitchen interval=30 boots=1");
    expect(await ask(bench, "set interval 2\n")).to.equal("name=kitchen interval=2 boots=1");
    expect(await bench.gateway.next()).to.equal("kitchen is alive");
    const fromMs = bench.board.clock.now();
    expect(await bench.gateway.next()).to.equal("kitchen is alive");
    expect(bench.board.clock.now() - fromMs).to.equal(2_000);
  });

  it("takes the shortest and the longest interval", async () => {
    expect(await ask(bench, "set interval 3600")).to.contain("interval=3600");
    expect(await ask(bench, "set interval 1")).to.contain("interval=1 ");
  });

  for (const command of [
    "set interval 0",
    "set interval 3601",
    "set interval soon",
    "set name ",
    `set name ${"x".repeat(21)}`,
    "set colour red",
    "restart",
  ]) {
    it(`refuses "${command}", and keeps what it has`, async () => {
      expect(await ask(bench, command)).to.equal(`ERR ${command.trim()}`);
      expect(await ask(bench, "get")).to.equal("name=unnamed interval=30 boots=1");
    });
  }

  it("keeps its settings through a restart, before which it says BYE", async () => {
    await ask(bench, "set name kitchen");
    const reasons: string[] = [];
    bench.gateway.usmp.on("disconnect", ({ code }) => reasons.push(code));
    bench.gateway.send("reboot");
    expect(await bench.gateway.next()).to.equal("name=kitchen interval=30 boots=2");
    expect(bench.board.lives).to.equal(2);
    expect(reasons).to.deep.equal(["BYE"]);
  });

  it("keeps them through a power cut, which says nothing", async () => {
    await ask(bench, "set name kitchen");
    await ask(bench, "set interval 5");
    bench.board.cutPower();
    await bench.board.advance(60_000);
    await bench.board.start(settings);
    expect(await bench.gateway.next()).to.equal("name=kitchen interval=5 boots=2");
  });

  it('forgets everything but the boots where it is told "factory"', async () => {
    await ask(bench, "set name kitchen");
    await ask(bench, "set interval 5");
    expect(await ask(bench, "factory")).to.equal("name=unnamed interval=30 boots=1");
    bench.gateway.send("reboot");
    expect(await bench.gateway.next()).to.equal("name=unnamed interval=30 boots=2");
  });

  it("tells its settings in the session that comes after a loss", async () => {
    await ask(bench, "set name kitchen");
    await ask(bench, "set interval 600");
    await goOffline(bench);
    bench.gateway.restoreNetwork();
    expect(await bench.gateway.next({ withinMs: 35_000 })).to.equal("name=kitchen interval=600 boots=1");
  });
});

import { expect } from "chai";
import remoteRelay from "../../../examples/sketches/remote-relay/remote-relay.js";
import { HIGH, LOW } from "../../../lib/arduino/index.js";
import { ask, backOnline, endSessions, type Bench, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

const RELAY_PINS = [16, 17, 18, 19];

describe("the sketch remote-relay", () => {
  let bench: Bench;

  /** Active LOW: "0100" for the second relay on. */
  const relays = (): string => RELAY_PINS.map((pin) => (bench.board.output(pin) === LOW ? "1" : "0")).join("");

  beforeEach(async () => {
    bench = await startSketch(remoteRelay, { board: EVEN });
    expect(await bench.gateway.next()).to.equal("relays 0000");
  });

  afterEach(() => stopSketch(bench));

  it("has all relays off from the start", () => {
    expect(relays()).to.equal("0000");
    for (const pin of RELAY_PINS) expect(bench.board.outputs(pin).map(({ value }) => value)).to.deep.equal([HIGH]);
  });

  it("switches what it is told, and tells the state", async () => {
    expect(await ask(bench, "2 on")).to.equal("relays 0100");
    expect(await ask(bench, "4 on")).to.equal("relays 0101");
    expect(await ask(bench, "2 off")).to.equal("relays 0001");
    expect(await ask(bench, "state")).to.equal("relays 0001");
    expect(relays()).to.equal("0001");
    expect(await ask(bench, "all off")).to.equal("relays 0000");
    expect(relays()).to.equal("0000");
  });

  it("ends a pulse to the millisecond", async () => {
    expect(await ask(bench, "3 pulse 500")).to.equal("relays 0010");
    expect(await bench.gateway.next()).to.equal("relays 0000");
    const [, on, off] = bench.board.outputs(18);
    expect(off!.atMs - on!.atMs).to.equal(500);
  });

  it('lets "on" end a pulse for good', async () => {
    await ask(bench, "3 pulse 500");
    await ask(bench, "3 on");
    await bench.board.advance(1_000);
    expect(relays()).to.equal("0010");
  });

  for (const message of ["5 on", "0 on", "on", "1 pulse", "1 pulse 0", "1 pulse 10001", "1 on 5", "x on", " "]) {
    it(`does not understand "${message}", and switches nothing`, async () => {
      expect(await ask(bench, message)).to.equal("ERR not understood");
      expect(relays()).to.equal("0000");
    });
  }

  it("takes no more than its buffer holds", async () => {
    expect(await ask(bench, "1 on" + " ".repeat(1_000))).to.equal("ERR too long");
    expect(relays()).to.equal("0000");
  });

  it("keeps its relays for 30 seconds without a session, and lets them fall off then", async () => {
    await ask(bench, "1 on");
    endSessions(bench);
    const passedMs = await bench.board.advanceUntil(() => relays() === "0000", { withinMs: 60_000 });
    expect(passedMs).to.be.closeTo(30_000, 5);
    bench.gateway.acceptKey();
    expect(await backOnline(bench)).to.equal("relays 0000");
  });

  it("lets them fall off as well where the network fails without a word, when the keepalive has noticed", async () => {
    await ask(bench, "1 on");
    bench.gateway.loseNetwork();
    const passedMs = await bench.board.advanceUntil(() => relays() === "0000", { withinMs: 120_000 });
    expect(passedMs).to.be.within(60_000, 91_000);
  });

  it("keeps them through a loss that is shorter", async () => {
    await ask(bench, "1 on");
    await bench.gateway.restart();
    expect(await bench.gateway.next()).to.equal("relays 1000");
    await bench.board.advance(60_000);
    expect(relays()).to.equal("1000");
  });

  it("ends a pulse while the network is lost", async () => {
    await ask(bench, "1 pulse 4000");
    bench.gateway.loseNetwork();
    await bench.board.advance(4_000);
    expect(relays()).to.equal("0000");
  });
});

import { expect } from "chai";
import doorAlarm from "../../../examples/sketches/door-alarm/door-alarm.js";
import { ask, backOnline, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";
import { EVEN } from "../../support/even-time.js";

const DOOR_PIN = 14;
const SIREN_PIN = 26;
const FAULT_PIN = 27;

describe("the sketch door-alarm", () => {
  let bench: Bench;

  const openDoor = (): void => bench.board.setInput(DOOR_PIN, null);
  const closeDoor = (): void => bench.board.setInput(DOOR_PIN, 0);

  /** The next message that is no heartbeat. */
  async function told(withinMs = 20_000): Promise<string> {
    let message: string;
    do message = await bench.gateway.next({ withinMs });
    while (message.startsWith("heartbeat"));
    return message;
  }

  async function command(message: string): Promise<string> {
    bench.gateway.send(message);
    return told();
  }

  /** When the siren was switched, after its first state. */
  const siren = () =>
    bench.board.outputs(SIREN_PIN).filter(({ value }, index, all) => value !== (all[index - 1]?.value ?? 0));

  beforeEach(async () => {
    bench = await startSketch(doorAlarm, { board: EVEN, prepare: ({ board }) => board.setInput(DOOR_PIN, 0) });
    expect(await bench.gateway.next()).to.equal("state disarmed closed alarms=0");
  });

  afterEach(() => stopSketch(bench));

  it("tells of the door, once for each move, however the reed switch bounces", async () => {
    for (let index = 0; index < 10; index++) {
      openDoor();
      await bench.board.advance(4);
      closeDoor();
      await bench.board.advance(4);
    }
    openDoor();
    const fromMs = bench.board.clock.now();
    expect(await told()).to.equal("open");
    expect(bench.board.clock.now() - fromMs).to.be.within(50, 60);
    closeDoor();
    expect(await told()).to.equal("closed");
    await bench.board.advance(1_000);
    expect(siren()).to.deep.equal([]);
  });

  it("gives 15 seconds to disarm it, and sounds the siren then, for 3 minutes", async () => {
    expect(await command("arm")).to.equal("armed");
    openDoor();
    expect([await told(), await told()]).to.deep.equal(["open", "entry"]);
    const enteredMs = bench.board.clock.now();
    expect(await told()).to.equal("ALARM");
    expect(await told(200_000)).to.equal("armed");
    const [on, off] = siren();
    expect(on!.atMs - enteredMs).to.be.closeTo(15_000, 2);
    expect(off!.atMs - on!.atMs).to.equal(180_000);
  });

  it("stays silent for who disarms it in time", async () => {
    await command("arm");
    openDoor();
    await told();
    await told();
    await bench.board.advance(10_000);
    expect(await command("disarm")).to.equal("disarmed");
    await bench.board.advance(30_000);
    expect(siren()).to.deep.equal([]);
  });

  it("is silenced by who disarms it late", async () => {
    await command("arm");
    openDoor();
    while ((await told()) !== "ALARM");
    expect(await command("disarm")).to.equal("disarmed");
    expect(bench.board.output(SIREN_PIN)).to.equal(0);
  });

  it("does not arm itself with an open door, nor obey what it does not know", async () => {
    openDoor();
    await told();
    expect(await command("arm")).to.equal("ERR the door is open");
    expect(await command("open")).to.equal("ERR arm, disarm or beat");
  });

  it("sends a heartbeat every 10 seconds", async () => {
    await command("arm");
    const before = bench.gateway.messages.length;
    await bench.board.advance(60_000);
    const since = bench.gateway.messages.slice(before);
    expect(since.map(({ text }) => text)).to.deep.equal(Array(6).fill("heartbeat armed closed"));
    expect(since[5]!.atMs - since[0]!.atMs).to.equal(50_000);
  });

  it("lights the fault LED 30 seconds after the last beat, and puts it out at the next", async () => {
    for (let index = 0; index < 10; index++) {
      await bench.board.advance(20_000);
      bench.gateway.send("beat");
    }
    await bench.board.advance(29_000);
    expect(bench.board.output(FAULT_PIN)).to.equal(0);
    await bench.board.advance(2_000);
    expect(bench.board.output(FAULT_PIN)).to.equal(1);
    bench.gateway.send("beat");
    await bench.board.advance(10);
    expect(bench.board.output(FAULT_PIN)).to.equal(0);
  });

  it("sounds the siren without network, lights the fault LED, and tells all that when it is back", async () => {
    await command("arm");
    await goOffline(bench);
    expect(bench.board.output(FAULT_PIN)).to.equal(1);
    openDoor();
    await bench.board.advance(15_200);
    expect(bench.board.output(SIREN_PIN)).to.equal(1);
    let message = await backOnline(bench);
    while (!message.startsWith("state")) message = await told();
    expect(message).to.equal("state ALARM open alarms=1");
    expect(bench.board.output(FAULT_PIN)).to.equal(0);
  });

  it("guards from the start, without a gateway ever seen", async () => {
    await stopSketch(bench);
    bench = await startSketch(doorAlarm, {
      board: EVEN,
      prepare: ({ gateway, board }) => {
        board.setInput(DOOR_PIN, 0);
        gateway.refuseKey();
      },
    });
    await bench.board.advance(31_000);
    expect(bench.board.output(FAULT_PIN)).to.equal(1);
    bench.gateway.acceptKey();
    expect(await bench.gateway.next({ withinMs: 35_000 })).to.equal("state disarmed closed alarms=0");
    expect(await ask(bench, "arm")).to.equal("armed");
  });
});

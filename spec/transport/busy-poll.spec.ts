import { expect } from "chai";
import sinon from "sinon";

import { BusyPoll } from "../../lib/transport/busy-poll.js";

const FAST_MS = 0.1;

describe("BusyPoll", () => {
  let clock: sinon.SinonFakeTimers;
  let poll: BusyPoll;
  /** How often somebody else took the core. */
  let preemptions: number;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ["setImmediate", "performance"] });
    poll = new BusyPoll(() => 2);
    preemptions = 0;
    sinon
      .stub(process, "resourceUsage")
      .callsFake(() => ({ involuntaryContextSwitches: preemptions }) as NodeJS.ResourceUsage);
  });
  afterEach(() => {
    clock.restore();
    sinon.restore();
  });

  function send(count: number, gapMs: number, ports: readonly number[] = [9_000]): void {
    for (let index = 0; index < count; index++) {
      clock.tick(gapMs);
      poll.sent(ports[index % ports.length]!);
    }
  }

  /** An immediate that is due keeps the event loop from waiting for its sockets. */
  const isAwake = (): boolean => clock.countTimers() > 0;

  it("keeps the event loop awake during a fast exchange", () => {
    send(20, FAST_MS);
    expect(isAwake()).to.equal(true);
  });

  it("takes a few fast datagrams for a coincidence", () => {
    send(8, FAST_MS);
    expect(isAwake()).to.equal(false);
  });

  it("lets it sleep while datagrams come one by one", () => {
    send(100, 1);
    expect(isAwake()).to.equal(false);
  });

  it("lets it sleep with many peers, as fast as it may be in all", () => {
    send(100, FAST_MS, [9_000, 9_001]);
    expect(isAwake()).to.equal(false);
  });

  it("lets it sleep once many peers have taken the place of one", () => {
    send(20, FAST_MS);
    expect(isAwake()).to.equal(true);
    send(20, FAST_MS, [9_001, 9_002, 9_003]);
    expect(isAwake()).to.equal(false);
  });

  it("lets it sleep once many peers have taken the place of one, also where each is sent two before the event loop turns", () => {
    send(20, FAST_MS);
    for (let port = 9_001; port < 9_021; port++) {
      send(1, FAST_MS, [port]);
      poll.sent(port);
    }
    expect(isAwake()).to.equal(false);
  });

  it("lets it sleep again soon after the last datagram", () => {
    send(20, FAST_MS);
    clock.tick(FAST_MS);
    expect(isAwake()).to.equal(true);
    clock.tick(1);
    clock.tick(1);
    expect(isAwake()).to.equal(false);
  });

  it("ends by itself where time stands still, as under fake timers that leave immediates alone", () => {
    const due: (() => void)[] = [];
    const { setImmediate } = globalThis;
    globalThis.setImmediate = ((callback: () => void) => due.push(callback)) as never;
    try {
      send(20, 0);
      expect(due).to.have.lengthOf(1);
      for (let turn = 0; turn < 10_000; turn++) due.shift()?.();
      expect(due).to.have.lengthOf(0);
    } finally {
      globalThis.setImmediate = setImmediate;
    }
  });

  it("wants another fast exchange after a pause", () => {
    send(50, FAST_MS);
    pause();
    send(9, FAST_MS);
    expect(isAwake()).to.equal(true);
    pause();
    send(8, FAST_MS);
    expect(isAwake()).to.equal(false);
  });

  it("takes it for no harm that somebody wanted the core once, as the threads do that collect garbage", () => {
    for (let round = 0; round < 50; round++) {
      send(9, FAST_MS);
      expect(isAwake()).to.equal(true);
      // The system has just been asked.
      send(64, FAST_MS);
      preemptions++;
      pause();
    }
  });

  it("wants no more after one that ended as soon, where nobody wanted the core", () => {
    send(9, FAST_MS);
    pause();
    send(9, FAST_MS);
    expect(isAwake()).to.equal(true);
  });

  it("never polls on a single core", () => {
    poll = new BusyPoll(() => 1);
    send(1_000, FAST_MS);
    expect(isAwake()).to.equal(false);
  });

  it("goes on after a stall of the machine that is over soon", () => {
    send(20, FAST_MS);
    clock.tick(1);
    clock.tick(1);
    expect(isAwake()).to.equal(false);
    send(1, 1);
    send(1, FAST_MS);
    expect(isAwake()).to.equal(false);
    send(1, FAST_MS);
    expect(isAwake()).to.equal(true);
  });

  it("takes an exchange of which every third answer is slow for none", () => {
    for (let round = 0; round < 50; round++) {
      send(2, FAST_MS);
      send(1, 1);
    }
    expect(isAwake()).to.equal(false);
  });

  it("ends in the midst of an exchange in which every answer costs somebody else the core, and wants twice as long a one", () => {
    sendWhilePreempted(9 + 64);
    expect(isAwake()).to.equal(true);
    clock.next();
    expect(isAwake()).to.equal(false);
    pause();
    send(16, FAST_MS);
    expect(isAwake()).to.equal(false);
    send(1, FAST_MS);
    expect(isAwake()).to.equal(true);
  });

  it("ends there also where more is sent before the event loop turns", () => {
    sendWhilePreempted(9 + 64);
    // The clock's immediates run once a millisecond.
    send(11, FAST_MS);
    expect(isAwake()).to.equal(false);
  });

  it("forgives that after an exchange that cost nobody anything", () => {
    sendWhilePreempted(9 + 64);
    send(17 + 64, FAST_MS);
    pause();
    send(9, FAST_MS);
    expect(isAwake()).to.equal(true);
  });

  it("goes on where somebody wants the core now and then", () => {
    for (let answers = 0; answers < 500; answers++) {
      send(1, FAST_MS);
      if (answers % 4 === 0) preemptions++;
    }
    expect(isAwake()).to.equal(true);
  });

  /** Each answer costs somebody else the core. */
  function sendWhilePreempted(count: number): void {
    for (let index = 0; index < count; index++) {
      send(1, FAST_MS);
      preemptions++;
    }
  }

  /** Fast answers while it sleeps; where it is awake they come only once it has fallen asleep. */
  function sendToPeerOnThisCore(count: number): number {
    let overdue = 0;
    for (let index = 0; index < count; index++) {
      if (!isAwake()) send(1, FAST_MS);
      else {
        overdue++;
        clock.tick(FAST_MS);
        clock.tick(1);
        send(1, FAST_MS);
      }
    }
    return overdue;
  }

  it("gives up where answers come only once it sleeps, as those of a peer that needs this core, and wants ever longer exchanges", () => {
    expect(sendToPeerOnThisCore(100)).to.be.greaterThan(4);
    expect(sendToPeerOnThisCore(1_000)).to.be.lessThan(100);
    expect(sendToPeerOnThisCore(10_000)).to.be.lessThan(60);
  });

  it("forgives that after an exchange in which answers come in time", () => {
    sendToPeerOnThisCore(500);
    send(1_000, FAST_MS);
    pause();
    send(9, FAST_MS);
    expect(isAwake()).to.equal(true);
  });

  it("forgives it with time: half as long an exchange is wanted after each pause of a second", () => {
    sendToPeerOnThisCore(2_000);
    send(60, FAST_MS);
    expect(isAwake()).to.equal(false);
    for (let round = 0; round < 10; round++) {
      clock.tick(1_001);
      send(1, FAST_MS);
    }
    send(8, FAST_MS);
    expect(isAwake()).to.equal(true);
  });

  it("does not give up where an answer is overdue now and then", () => {
    for (let round = 0; round < 50; round++) {
      send(40, FAST_MS);
      expect(isAwake()).to.equal(true);
      clock.tick(1);
      clock.tick(1);
    }
  });

  it("lets its caller say what is fast, and polls for as long", () => {
    for (let answers = 0; answers < 9; answers++) {
      clock.tick(1.5);
      poll.sent(9_000, 2);
    }
    clock.tick(1.5);
    expect(isAwake()).to.equal(true);
    clock.tick(1);
    clock.tick(1);
    expect(isAwake()).to.equal(false);
  });

  function pause(): void {
    clock.tick(5);
    clock.tick(5);
  }
});

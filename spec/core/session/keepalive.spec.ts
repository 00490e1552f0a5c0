import { expect } from "chai";
import { Keepalive, type KeepaliveOptions } from "../../../lib/core/session/keepalive.js";

const OFF: KeepaliveOptions = { pingAfterTxIdleMs: 0, pingAfterRxIdleMs: 0, pongTimeoutMs: 0, idleTimeoutMs: 0 };

function keepalive(options: Partial<KeepaliveOptions>, now = 0): Keepalive {
  return new Keepalive({ ...OFF, ...options }, now);
}

/** Expects "quiet" up to one millisecond before `at`, `verdict` then, and the deadline to be `at`. */
function expectAt(subject: Keepalive, at: number, verdict: "ping" | "pong" | "lost"): void {
  expect(subject.nextDeadline()).to.equal(at);
  expect(subject.judge(at - 1)).to.equal("quiet");
  expect(subject.judge(at)).to.equal(verdict);
}

function expectNothingEver(subject: Keepalive): void {
  expect(subject.nextDeadline()).to.equal(Infinity);
  expect(subject.judge(Number.MAX_SAFE_INTEGER)).to.equal("quiet");
}

describe("Keepalive", () => {
  it("never has a deadline if everything is off", () => {
    const subject = keepalive({});
    expectNothingEver(subject);
    subject.ask(5);
    expectNothingEver(subject);
  });

  it("pings after the interval without sending, counted from the last frame sent", () => {
    const subject = keepalive({ pingAfterTxIdleMs: 30_000 }, 100);
    expectAt(subject, 30_100, "ping");
    subject.sent(20_000);
    expectAt(subject, 50_000, "ping");
    subject.heard(40_000);
    expectAt(subject, 50_000, "ping");
  });

  it("pings after the interval without hearing, however much is sent", () => {
    const subject = keepalive({ pingAfterRxIdleMs: 30_000 }, 100);
    expectAt(subject, 30_100, "ping");
    subject.sent(30_000);
    expectAt(subject, 30_100, "ping");
    subject.heard(20_000);
    expectAt(subject, 50_000, "ping");
  });

  it("pings at the earlier of both", () => {
    const subject = keepalive({ pingAfterTxIdleMs: 10_000, pingAfterRxIdleMs: 30_000 });
    expectAt(subject, 10_000, "ping");
    subject.sent(25_000);
    expectAt(subject, 30_000, "ping");
  });

  it("applies a new interval, counted from the last frame sent or heard", () => {
    const subject = keepalive({ pingAfterTxIdleMs: 30_000, pingAfterRxIdleMs: 30_000, pongTimeoutMs: 5_000 });
    subject.sent(4_000);
    subject.heard(6_000);
    subject.setPingAfter(10_000);
    expectAt(subject, 14_000, "ping");
    subject.setPingAfter(0);
    expectNothingEver(subject);
    subject.ask(20_000);
    expectAt(subject, 25_000, "lost");
  });

  it("sends no second PING while one is unanswered", () => {
    const subject = keepalive({ pingAfterTxIdleMs: 10_000, pingAfterRxIdleMs: 10_000 });
    expect(subject.awaitsPong).to.equal(false);
    subject.ask(10_000);
    expect(subject.awaitsPong).to.equal(true);
    expectNothingEver(subject);
    subject.heard(20_000);
    subject.ponged(20_000);
    subject.sent(21_000);
    expect(subject.awaitsPong).to.equal(false);
    expectAt(subject, 30_000, "ping");
  });

  it("gives the peer up when nothing verifies for the life-sign timeout after a PING", () => {
    const subject = keepalive({ pongTimeoutMs: 30_000 });
    expectNothingEver(subject);
    subject.ask(50_000);
    expectAt(subject, 80_000, "lost");
  });

  it("takes any verified frame as a sign of life, not a PONG only", () => {
    const subject = keepalive({ pongTimeoutMs: 30_000 });
    subject.ask(50_000);
    subject.heard(79_999);
    expectNothingEver(subject);
    subject.ask(90_000);
    expectAt(subject, 120_000, "lost");
  });

  it("takes nothing that came before the PING as an answer to it", () => {
    const subject = keepalive({ pongTimeoutMs: 30_000 });
    subject.heard(10_000);
    subject.ask(50_000);
    expectAt(subject, 80_000, "lost");
  });

  it("gives the peer up after the idle timeout, PING or not", () => {
    const subject = keepalive({ idleTimeoutMs: 60_000, pongTimeoutMs: 100_000 });
    expectAt(subject, 60_000, "lost");
    subject.heard(1_000);
    expectAt(subject, 61_000, "lost");
    subject.ask(2_000);
    expectAt(subject, 61_000, "lost");
    subject.sent(3_000);
    expectAt(subject, 61_000, "lost");
  });

  it("says lost rather than ping if both are due", () => {
    const subject = keepalive({ pingAfterTxIdleMs: 60_000, idleTimeoutMs: 60_000 });
    expectAt(subject, 60_000, "lost");
  });

  it("measures the round trip, and none if no PING was out", () => {
    const subject = keepalive({});
    expect(subject.ponged(10)).to.equal(null);
    subject.ask(100);
    expect(subject.ponged(142)).to.equal(42);
    expect(subject.ponged(150)).to.equal(null);
  });

  it("asks again after a sign of life, whether or not its PING was answered", () => {
    const subject = keepalive({ pingAfterRxIdleMs: 30_000, pongTimeoutMs: 30_000 });
    expect(subject.ask(30_000)).to.equal(true);
    subject.heard(40_000);
    expect(subject.awaitsPong).to.equal(true);
    expectAt(subject, 70_000, "ping");
  });

  it("sends no fifth PING to a peer that answers none, and still gives it up if it stays silent (§9)", () => {
    const subject = keepalive({ pingAfterRxIdleMs: 30_000, pongTimeoutMs: 30_000 });
    for (let round = 1; round <= 4; round++) {
      expect(subject.ask(round * 30_000)).to.equal(true);
      subject.heard(round * 30_000);
    }
    expect(subject.ask(150_000)).to.equal(false);
    expectAt(subject, 180_000, "lost");
    subject.heard(170_000);
    expect(subject.ponged(170_000)).to.equal(140_000);
    expect(subject.ask(200_000)).to.equal(true);
  });

  it("waits for no frame while paused, and from anew after that (case 69)", () => {
    const subject = keepalive({ idleTimeoutMs: 60_000, pongTimeoutMs: 30_000, pingAfterRxIdleMs: 30_000 });
    subject.ask(1_000);
    subject.pause(1_000);
    expect(subject.judge(19_999)).to.equal("quiet");
    expect(subject.resume(300_000)).to.equal(299_000);
    expectAt(subject, 330_000, "lost");
    subject.heard(300_001);
    expectAt(subject, 330_001, "ping");
  });

  it("sends PONG unasked every 20 s while paused, and no PING: the peer sees life (case 69)", () => {
    const subject = keepalive({ pingAfterTxIdleMs: 30_000, pingAfterRxIdleMs: 10_000 });
    subject.sent(5_000);
    subject.pause(6_000);
    expectAt(subject, 25_000, "pong");
    subject.sent(25_000);
    expectAt(subject, 45_000, "pong");
  });

  it("does not take a resume without a pause as a sign of life", () => {
    const subject = keepalive({ idleTimeoutMs: 60_000 });
    subject.resume(50_000);
    expectAt(subject, 60_000, "lost");
    subject.pause(52_000);
    subject.pause(54_000);
    expect(subject.resume(55_000)).to.equal(3_000);
    expect(subject.resume(100_000)).to.equal(0);
    expectAt(subject, 115_000, "lost");
  });

  it("gives one verdict after a jump over many intervals", () => {
    const subject = keepalive({ pingAfterTxIdleMs: 10_000, idleTimeoutMs: 10_000_000 });
    expect(subject.judge(5_000_000)).to.equal("ping");
    subject.sent(5_000_000);
    subject.ask(5_000_000);
    expect(subject.judge(5_000_000)).to.equal("quiet");
    expect(subject.judge(10_000_000)).to.equal("lost");
  });

  it("starts its intervals at the time it is given, on any scale", () => {
    const subject = keepalive({ pingAfterTxIdleMs: 10_000 }, -5_000.5);
    expectAt(subject, 4_999.5, "ping");
  });
});

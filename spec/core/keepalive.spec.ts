import { expect } from "chai";
import { Keepalive, type KeepaliveOptions } from "../../lib/core/keepalive.js";

const OFF: KeepaliveOptions = { pingWhenSilentMs: 0, pingWhenUnheardMs: 0, lifeSignTimeoutMs: 0, idleTimeoutMs: 0 };

function keepalive(options: Partial<KeepaliveOptions>, now = 0): Keepalive {
  return new Keepalive({ ...OFF, ...options }, now);
}

/** Expects "quiet" up to one millisecond before `at`, `verdict` then, and the deadline to be `at`. */
function expectAt(subject: Keepalive, at: number, verdict: "ping" | "lost"): void {
  expect(subject.nextDeadline()).to.equal(at);
  expect(subject.judge(at - 1)).to.equal("quiet");
  expect(subject.judge(at)).to.equal(verdict);
}

function expectNothingEver(subject: Keepalive): void {
  expect(subject.nextDeadline()).to.equal(Infinity);
  expect(subject.judge(Number.MAX_SAFE_INTEGER)).to.equal("quiet");
}

describe("Keepalive", () => {
  it("never does anything where all is off", () => {
    const subject = keepalive({});
    expectNothingEver(subject);
    subject.pinged(5);
    expectNothingEver(subject);
  });

  it("pings after the interval without sending, counted from the last frame sent", () => {
    const subject = keepalive({ pingWhenSilentMs: 30_000 }, 100);
    expectAt(subject, 30_100, "ping");
    subject.sent(20_000);
    expectAt(subject, 50_000, "ping");
    subject.heard(40_000);
    expectAt(subject, 50_000, "ping");
  });

  it("pings after the interval without hearing, however much is sent", () => {
    const subject = keepalive({ pingWhenUnheardMs: 30_000 }, 100);
    expectAt(subject, 30_100, "ping");
    subject.sent(30_000);
    expectAt(subject, 30_100, "ping");
    subject.heard(20_000);
    expectAt(subject, 50_000, "ping");
  });

  it("pings at the earlier of both", () => {
    const subject = keepalive({ pingWhenSilentMs: 10_000, pingWhenUnheardMs: 30_000 });
    expectAt(subject, 10_000, "ping");
    subject.sent(25_000);
    expectAt(subject, 30_000, "ping");
  });

  it("sends no second PING while one is unanswered", () => {
    const subject = keepalive({ pingWhenSilentMs: 10_000, pingWhenUnheardMs: 10_000 });
    expect(subject.awaitsPong).to.equal(false);
    subject.pinged(10_000);
    expect(subject.awaitsPong).to.equal(true);
    expectNothingEver(subject);
    subject.heard(20_000);
    subject.ponged(20_000);
    subject.sent(21_000);
    expect(subject.awaitsPong).to.equal(false);
    expectAt(subject, 30_000, "ping");
  });

  it("gives the peer up when nothing verifies for the life-sign timeout after a PING", () => {
    const subject = keepalive({ lifeSignTimeoutMs: 30_000 });
    expectNothingEver(subject);
    subject.pinged(50_000);
    expectAt(subject, 80_000, "lost");
  });

  it("takes any verified frame as a sign of life, not a PONG only", () => {
    const subject = keepalive({ lifeSignTimeoutMs: 30_000 });
    subject.pinged(50_000);
    subject.heard(79_999);
    expectAt(subject, 109_999, "lost");
  });

  it("takes nothing that came before the PING as an answer to it", () => {
    const subject = keepalive({ lifeSignTimeoutMs: 30_000 });
    subject.heard(10_000);
    subject.pinged(50_000);
    expectAt(subject, 80_000, "lost");
  });

  it("gives the peer up after the idle timeout, PING or not", () => {
    const subject = keepalive({ idleTimeoutMs: 60_000, lifeSignTimeoutMs: 100_000 });
    expectAt(subject, 60_000, "lost");
    subject.heard(1_000);
    expectAt(subject, 61_000, "lost");
    subject.pinged(2_000);
    expectAt(subject, 61_000, "lost");
    subject.sent(3_000);
    expectAt(subject, 61_000, "lost");
  });

  it("says lost rather than ping where both are due", () => {
    const subject = keepalive({ pingWhenSilentMs: 60_000, idleTimeoutMs: 60_000 });
    expectAt(subject, 60_000, "lost");
  });

  it("measures the round trip, and none where no PING was out", () => {
    const subject = keepalive({});
    expect(subject.ponged(10)).to.equal(null);
    subject.pinged(100);
    expect(subject.ponged(142)).to.equal(42);
    expect(subject.ponged(150)).to.equal(null);
  });

  it("waits for no frame while paused, and from anew after that", () => {
    const subject = keepalive({ idleTimeoutMs: 60_000, lifeSignTimeoutMs: 30_000, pingWhenUnheardMs: 30_000 });
    subject.pinged(1_000);
    subject.pause();
    expectNothingEver(subject);
    subject.resume(300_000);
    expectAt(subject, 330_000, "lost");
    subject.ponged(300_001);
    subject.heard(300_001);
    expectAt(subject, 330_001, "ping");
  });

  it("still pings when silent while paused: the peer counts on it", () => {
    const subject = keepalive({ pingWhenSilentMs: 30_000, pingWhenUnheardMs: 10_000 });
    subject.pause();
    expectAt(subject, 30_000, "ping");
  });

  it("does not take a resume without a pause as a sign of life", () => {
    const subject = keepalive({ idleTimeoutMs: 60_000 });
    subject.resume(50_000);
    expectAt(subject, 60_000, "lost");
    subject.pause();
    subject.resume(55_000);
    subject.resume(100_000);
    expectAt(subject, 115_000, "lost");
  });

  it("gives one verdict after a jump over many intervals", () => {
    const subject = keepalive({ pingWhenSilentMs: 10_000, idleTimeoutMs: 10_000_000 });
    expect(subject.judge(5_000_000)).to.equal("ping");
    subject.sent(5_000_000);
    subject.pinged(5_000_000);
    expect(subject.judge(5_000_000)).to.equal("quiet");
    expect(subject.judge(10_000_000)).to.equal("lost");
  });

  it("starts its intervals at the time it is given, on any scale", () => {
    const subject = keepalive({ pingWhenSilentMs: 10_000 }, -5_000.5);
    expectAt(subject, 4_999.5, "ping");
  });
});

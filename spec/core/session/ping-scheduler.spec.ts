import { expect } from "chai";
import { Keepalive, PING_INTERVAL_MS } from "../../../lib/core/session/keepalive.js";
import { PingScheduler } from "../../../lib/core/session/ping-scheduler.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { NO_KEEPALIVE } from "../../support/core-pair.js";

const { PING, PONG } = FrameType;

function scheduler(keepalive = new Keepalive(NO_KEEPALIVE, 0)): PingScheduler {
  return new PingScheduler(keepalive);
}

/** Takes `count` PONGs, each requested on its own. */
function takePongs(subject: PingScheduler, count: number, now: number): void {
  for (let index = 0; index < count; index++) {
    subject.requestPong(now);
    expect(subject.take(now)).to.equal(PONG);
  }
}

describe("PingScheduler", () => {
  it("has no frame and no deadline before a request", () => {
    const subject = scheduler();
    expect([subject.isEmpty, subject.take(0), subject.nextDeadline()]).to.deep.equal([true, null, Infinity]);
  });

  it("sends PONG before PING, one frame for each take", () => {
    const subject = scheduler();
    subject.requestPing(0);
    subject.requestPong(0);
    expect([subject.take(0), subject.take(0), subject.take(0), subject.isEmpty]).to.deep.equal([
      PONG,
      PING,
      null,
      true,
    ]);
  });

  it("answers several waiting PINGs with one PONG", () => {
    const subject = scheduler();
    subject.requestPong(0);
    subject.requestPong(0);
    expect([subject.take(0), subject.take(0)]).to.deep.equal([PONG, null]);
  });

  it("sends no second PING while one is unanswered", () => {
    const subject = scheduler();
    subject.requestPing(0);
    subject.take(0);
    subject.requestPing(1_000);
    expect([subject.isEmpty, subject.nextDeadline()]).to.deep.equal([true, Infinity]);
  });

  it("waits 300 ms from one requested PING to the next", () => {
    const keepalive = new Keepalive(NO_KEEPALIVE, 0);
    const subject = scheduler(keepalive);
    subject.requestPing(0);
    subject.take(0);
    keepalive.ponged(10);
    subject.requestPing(10);
    expect([subject.take(10), subject.nextDeadline()]).to.deep.equal([null, PING_INTERVAL_MS]);
    subject.advance(PING_INTERVAL_MS - 1);
    expect(subject.take(PING_INTERVAL_MS - 1)).to.equal(null);
    subject.advance(PING_INTERVAL_MS);
    expect(subject.take(PING_INTERVAL_MS)).to.equal(PING);
  });

  it("lets the keepalive's PING serve a request that waits", () => {
    const keepalive = new Keepalive(NO_KEEPALIVE, 0);
    const subject = scheduler(keepalive);
    subject.requestPing(0);
    subject.take(0);
    keepalive.ponged(10);
    subject.requestPing(10);
    subject.pingNow(20);
    expect(subject.take(20)).to.equal(PING);
    subject.advance(1_000);
    expect([subject.take(1_000), subject.nextDeadline()]).to.deep.equal([null, Infinity]);
  });

  it("sends at most 8 PONGs in a second, then one for the rest (§9)", () => {
    const subject = scheduler();
    takePongs(subject, 8, 500);
    for (let ping = 0; ping < 5; ping++) subject.requestPong(600);
    expect([subject.take(600), subject.isEmpty, subject.nextDeadline()]).to.deep.equal([null, false, 1_500]);
    expect(subject.take(1_499)).to.equal(null);
    expect([subject.take(1_500), subject.take(1_500), subject.isEmpty]).to.deep.equal([PONG, null, true]);
    takePongs(subject, 7, 2_499);
    subject.requestPong(2_499);
    expect(subject.take(2_499)).to.equal(null);
  });

  it("has no deadline in the past when a limited PONG waits for its turn only", () => {
    const subject = scheduler();
    takePongs(subject, 8, 0);
    subject.requestPong(0);
    subject.advance(1_000);
    expect([subject.isEmpty, subject.nextDeadline()]).to.deep.equal([false, Infinity]);
  });

  it("sends PING but no PONG while output piles up, and one PONG after it", () => {
    const subject = scheduler();
    subject.setCongested(true);
    subject.requestPing(0);
    for (let ping = 0; ping < 3; ping++) subject.requestPong(0);
    expect([subject.take(0), subject.take(0), subject.nextDeadline()]).to.deep.equal([PING, null, Infinity]);
    subject.setCongested(false);
    expect([subject.take(0), subject.take(0)]).to.deep.equal([PONG, null]);
  });
});

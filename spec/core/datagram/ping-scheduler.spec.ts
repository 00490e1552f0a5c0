import { expect } from "chai";
import { Keepalive } from "../../../lib/core/session/keepalive.js";
import { PingScheduler } from "../../../lib/core/datagram/ping-scheduler.js";
import { PING_INTERVAL_MS } from "../../../lib/core/session/keepalive.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { NO_KEEPALIVE } from "../../support/core-pair.js";

const { PING, PONG } = FrameType;

function signs(): PingScheduler {
  return new PingScheduler(new Keepalive(NO_KEEPALIVE, 0));
}

describe("PingScheduler", () => {
  it("gives out nothing where nothing was asked for", () => {
    const subject = signs();
    expect([subject.isEmpty, subject.take(), subject.nextDeadline()]).to.deep.equal([true, null, Infinity]);
  });

  it("answers before it asks, one frame at each turn", () => {
    const subject = signs();
    subject.requestPing(0);
    subject.requestPong(0);
    expect([subject.take(), subject.take(), subject.take(), subject.isEmpty]).to.deep.equal([PONG, PING, null, true]);
  });

  it("owes one PONG for many PINGs", () => {
    const subject = signs();
    subject.requestPong(0);
    subject.requestPong(0);
    expect([subject.take(), subject.take()]).to.deep.equal([PONG, null]);
  });

  it("asks for no second PONG while one is out", () => {
    const subject = signs();
    subject.requestPing(0);
    subject.take();
    subject.requestPing(1_000);
    expect([subject.isEmpty, subject.nextDeadline()]).to.deep.equal([true, Infinity]);
  });

  it("waits 300 ms from one wished PING to the next", () => {
    const keepalive = new Keepalive(NO_KEEPALIVE, 0);
    const subject = new PingScheduler(keepalive);
    subject.requestPing(0);
    subject.take();
    keepalive.ponged(10);
    subject.requestPing(10);
    expect([subject.take(), subject.nextDeadline()]).to.deep.equal([null, PING_INTERVAL_MS]);
    subject.advance(PING_INTERVAL_MS - 1);
    expect(subject.take()).to.equal(null);
    subject.advance(PING_INTERVAL_MS);
    expect(subject.take()).to.equal(PING);
  });
});

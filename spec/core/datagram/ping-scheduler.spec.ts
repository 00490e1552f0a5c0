import { expect } from "chai";
import { Keepalive } from "../../../lib/core/session/keepalive.js";
import { LifeSigns } from "../../../lib/core/datagram/ping-scheduler.js";
import { PING_INTERVAL_MS } from "../../../lib/core/session/keepalive.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { NO_KEEPALIVE } from "../../support/core-pair.js";

const { PING, PONG } = FrameType;

function signs(): LifeSigns {
  return new LifeSigns(new Keepalive(NO_KEEPALIVE, 0));
}

describe("LifeSigns", () => {
  it("gives out nothing where nothing was asked for", () => {
    const subject = signs();
    expect([subject.isEmpty, subject.take(), subject.nextDeadline()]).to.deep.equal([true, null, Infinity]);
  });

  it("answers before it asks, one frame at each turn", () => {
    const subject = signs();
    subject.wantPing(0);
    subject.owePong(0);
    expect([subject.take(), subject.take(), subject.take(), subject.isEmpty]).to.deep.equal([PONG, PING, null, true]);
  });

  it("owes one PONG for many PINGs", () => {
    const subject = signs();
    subject.owePong(0);
    subject.owePong(0);
    expect([subject.take(), subject.take()]).to.deep.equal([PONG, null]);
  });

  it("asks for no second PONG while one is out", () => {
    const subject = signs();
    subject.wantPing(0);
    subject.take();
    subject.wantPing(1_000);
    expect([subject.isEmpty, subject.nextDeadline()]).to.deep.equal([true, Infinity]);
  });

  it("waits 300 ms from one wished PING to the next", () => {
    const keepalive = new Keepalive(NO_KEEPALIVE, 0);
    const subject = new LifeSigns(keepalive);
    subject.wantPing(0);
    subject.take();
    keepalive.ponged(10);
    subject.wantPing(10);
    expect([subject.take(), subject.nextDeadline()]).to.deep.equal([null, PING_INTERVAL_MS]);
    subject.advance(PING_INTERVAL_MS - 1);
    expect(subject.take()).to.equal(null);
    subject.advance(PING_INTERVAL_MS);
    expect(subject.take()).to.equal(PING);
  });
});

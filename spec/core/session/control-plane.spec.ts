import { expect } from "chai";
import type { ConnectionEvent } from "../../../lib/core/events.js";
import { ControlPlane, type ControlFrame } from "../../../lib/core/session/control-plane.js";
import type { KeepaliveOptions } from "../../../lib/core/session/keepalive.js";
import type { RotationOptions } from "../../../lib/core/session/rekey-policy.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { UsmpError } from "../../../lib/errors.js";
import { NOTHING } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { NO_KEEPALIVE } from "../../support/core-pair.js";

const PING: ControlFrame = { type: FrameType.PING, plaintext: NOTHING };
const PONG: ControlFrame = { type: FrameType.PONG, plaintext: NOTHING };

function plane(
  keepalive: Partial<KeepaliveOptions> = {},
  rotation?: RotationOptions,
): { readonly subject: ControlPlane; readonly events: ConnectionEvent[] } {
  const events: ConnectionEvent[] = [];
  const options = {
    role: "device" as const,
    crypto,
    cipher: "aes-256-gcm" as const,
    keepalive: { ...NO_KEEPALIVE, ...keepalive },
    ...(rotation && { rotation }),
  };
  return { subject: new ControlPlane(options, (event) => void events.push(event), 0), events };
}

describe("ControlPlane", () => {
  it("has nothing to send and no deadline at first", () => {
    const { subject } = plane();
    expect([subject.isEmpty, subject.take(0), subject.nextDeadline(true)]).to.deep.equal([true, null, Infinity]);
  });

  it("sends PING on request, and emits pong with the round trip", () => {
    const { subject, events } = plane();
    subject.request({ type: "ping" }, 10);
    expect([subject.take(10), subject.awaitsPong]).to.deep.equal([PING, true]);
    subject.receive(PONG, 35);
    expect([events, subject.awaitsPong]).to.deep.equal([[{ type: "pong", roundTripMs: 25 }], false]);
  });

  it("emits nothing for a PONG that answers no PING", () => {
    const { subject, events } = plane();
    subject.receive(PONG, 5);
    expect(events).to.deep.equal([]);
  });

  it("answers PING with PONG", () => {
    const { subject } = plane();
    subject.receive(PING, 0);
    expect([subject.isEmpty, subject.take(0), subject.isEmpty]).to.deep.equal([false, PONG, true]);
  });

  it("ends FLOOD at the ninth control frame in a second (§4)", () => {
    const { subject } = plane();
    for (let frame = 0; frame < 8; frame++) subject.admit(0);
    expectCode(() => subject.admit(0), "FLOOD");
  });

  it("lets a peer catch up with what it sent during a pause", () => {
    const { subject } = plane();
    subject.setReading(false, 0);
    subject.setReading(true, 1_200_000);
    for (let frame = 0; frame < 128; frame++) subject.admit(1_200_000);
    expectCode(() => subject.admit(1_200_000), "FLOOD");
  });

  it("schedules the keepalive's PING when it is due, and returns true", () => {
    const { subject } = plane({ pingAfterTxIdleMs: 1_000, pongTimeoutMs: 500 });
    expect(subject.nextDeadline(true)).to.equal(1_000);
    expect([subject.handleDeadline(999), subject.isEmpty]).to.deep.equal([false, true]);
    expect([subject.handleDeadline(1_000), subject.take(1_000)]).to.deep.equal([true, PING]);
    expect(subject.nextDeadline(true)).to.equal(1_500);
    subject.heard(1_200);
    subject.sent(1_200);
    expect(subject.handleDeadline(1_500)).to.equal(false);
  });

  it("applies a new keepalive interval at once", () => {
    const { subject } = plane();
    subject.request({ type: "pingAfter", ms: 400 }, 0);
    expect(subject.nextDeadline(true)).to.equal(400);
  });

  it("ends TIMEOUT if the peer stays silent, with what troubles the network as its cause", () => {
    const trouble = new UsmpError("TRANSPORT", "ENETUNREACH");
    const { subject } = plane({ idleTimeoutMs: 60_000 });
    expectCode(() => subject.handleDeadline(60_000, trouble), "TIMEOUT");
    try {
      subject.handleDeadline(60_000, trouble);
    } catch (error) {
      expect((error as UsmpError).cause).to.equal(trouble);
    }
  });

  it("sends PONG every 20 s while the application does not read", () => {
    const { subject } = plane({ idleTimeoutMs: 60_000 });
    subject.setReading(false, 0);
    expect(subject.nextDeadline(true)).to.equal(20_000);
    expect([subject.handleDeadline(20_000), subject.take(20_000)]).to.deep.equal([true, PONG]);
    expect(subject.nextDeadline(true)).to.equal(40_000);
  });

  it("wants a REKEY on request, and by age", () => {
    const { subject } = plane({}, { rekeyAfterMs: 5_000, rekeyAfterFrames: 100 });
    expect(subject.nextDeadline(true)).to.equal(5_000);
    expect(subject.rekey.judge(0, 4_999)).to.equal(false);
    subject.request({ type: "rekey" }, 0);
    expect(subject.rekey.isWanted).to.equal(true);
    expect([subject.nextDeadline(false), subject.isEmpty]).to.deep.equal([Infinity, true]);
  });

  describe("limits the control frames of the peer", () => {
    /** How many it admits at `now`, up to 1,000. */
    function admitted(subject: ControlPlane, now: number): number {
      for (let count = 0; count < 1_000; count++) {
        try {
          subject.admit(now);
        } catch (error) {
          expect((error as UsmpError).code).to.equal("FLOOD");
          return count;
        }
      }
      return 1_000;
    }

    it("to eight at once, then one every 125 ms (§4)", () => {
      const { subject } = plane();
      expect([0, 124, 125, 125, 1_125].map((now) => admitted(subject, now))).to.deep.equal([8, 0, 1, 0, 8]);
    });

    it("for ever at eight a second, and not for long at nine", () => {
      const { subject } = plane();
      for (let now = 0; now < 100_000; now += 125) subject.admit(now);
      let taken = 0;
      for (let now = 100_000; ; now += 1_000 / 9, taken++) {
        try {
          subject.admit(now);
        } catch {
          break;
        }
      }
      expect(taken).to.be.within(7, 80);
    });

    it("to 64 after any silence", () => {
      const { subject } = plane();
      expect([3_600_000, 3_600_000].map((now) => admitted(subject, now))).to.deep.equal([64, 0]);
    });

    it("to one for each 10 s of a pause beyond that (case 69)", () => {
      const { subject } = plane();
      admitted(subject, 0);
      subject.setReading(false, 0);
      subject.setReading(true, 3_600_000);
      expect([3_600_000, 3_600_000, 3_601_000].map((now) => admitted(subject, now))).to.deep.equal([360, 0, 8]);
    });
  });
});

import { getEventListeners } from "node:events";
import { expect } from "chai";
import sinon from "sinon";
import { SimulatedClock } from "../../lib/testing/simulated-clock.js";
import { Attempt } from "../../lib/transport/attempt.js";
import { MemoryNetwork } from "../../lib/testing/network/memory.js";
import { TcpTransport } from "../../lib/transport/tcp.js";
import type { DialOptions } from "../../lib/transport/transport.js";
import { UdpTransport } from "../../lib/transport/udp.js";
import { isPending, rejectionOf } from "../support/session-waits.js";

const REASON = new Error("changed my mind");

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

describe("Attempt", () => {
  afterEach(() => sinon.restore());

  describe("called off", () => {
    it("tells its owner, then its dialer, then whoever read its signal, once, with the reason", () => {
      const attempt = new Attempt();
      const told: string[] = [];
      attempt.signal.addEventListener("abort", () => told.push("signal"));
      attempt.dialing(() => told.push("dialer"));
      attempt.during(() => told.push("owner"));
      expect([attempt.isCalledOff, attempt.reason, attempt.signal.aborted]).to.deep.equal([false, undefined, false]);
      attempt.callOff(REASON);
      attempt.callOff(new Error("another"));
      expect(told).to.deep.equal(["owner", "dialer", "signal"]);
      expect([attempt.isCalledOff, attempt.reason, attempt.signal.reason]).to.deep.equal([true, REASON, REASON]);
    });

    it("tells all of them, whatever the first ones throw", () => {
      const attempt = new Attempt();
      const told: string[] = [];
      attempt.during(() => {
        told.push("owner");
        throw new Error("of a link of the user's own");
      });
      attempt.dialing(() => {
        told.push("dialer");
        throw new Error("of a dialer");
      });
      attempt.signal.addEventListener("abort", () => told.push("signal"));
      expect(() => attempt.callOff()).to.throw("of a dialer");
      expect(told).to.deep.equal(["owner", "dialer", "signal"]);
    });

    it("has an AbortController's reason where none is given", () => {
      const attempt = new Attempt();
      attempt.callOff();
      const { reason } = AbortSignal.abort() as { reason: DOMException };
      expect(attempt.reason).to.be.an.instanceOf(DOMException).and.to.include({ name: reason.name, code: reason.code });
      expect(attempt.reason).to.have.property("message", reason.message);
      expect(attempt.signal.reason).to.equal(attempt.reason);
    });

    it("tells the owner of the last step only, and nobody where that is over", () => {
      const [first, second] = [sinon.spy(), sinon.spy()];
      const attempt = new Attempt();
      attempt.during(first);
      attempt.during(second);
      attempt.callOff();
      expect([first.callCount, second.callCount]).to.deep.equal([0, 1]);
      const other = new Attempt();
      other.during(first);
      other.during(null);
      other.callOff();
      expect(first.callCount).to.equal(0);
    });

    it("tells owner and dialer at once who come later, and a reader finds its signal aborted", () => {
      const [owner, dialer] = [sinon.spy(), sinon.spy()];
      const attempt = new Attempt();
      attempt.callOff(REASON);
      attempt.during(owner);
      attempt.during(null);
      attempt.dialing(dialer);
      expect([owner.callCount, dialer.callCount]).to.deep.equal([1, 1]);
      expect([attempt.signal.aborted, attempt.signal.reason]).to.deep.equal([true, REASON]);
    });

    it("tells nobody once it is over, whenever the signal was read", () => {
      const [owner, dialer, reader] = [sinon.spy(), sinon.spy(), sinon.spy()];
      const attempt = new Attempt();
      attempt.during(owner);
      attempt.dialing(dialer);
      attempt.signal.addEventListener("abort", reader);
      attempt.over();
      attempt.callOff(REASON);
      expect([owner.callCount, dialer.callCount, reader.callCount]).to.deep.equal([0, 0, 0]);
      expect([attempt.isCalledOff, attempt.signal.aborted]).to.deep.equal([false, false]);
      const unread = new Attempt();
      unread.over();
      unread.callOff(REASON);
      expect(unread.signal.aborted).to.equal(false);
    });

    it("stays called off once it is over", () => {
      const attempt = new Attempt();
      attempt.callOff(REASON);
      attempt.over();
      expect([attempt.isCalledOff, attempt.reason, attempt.signal.reason]).to.deep.equal([true, REASON, REASON]);
    });

    it("tells the dialer nothing any more that has done its part, but still a reader of the signal", () => {
      const [dialer, reader] = [sinon.spy(), sinon.spy()];
      const attempt = new Attempt();
      attempt.signal.addEventListener("abort", reader);
      attempt.dialing(dialer);
      attempt.dialed();
      attempt.callOff();
      expect([dialer.callCount, reader.callCount]).to.deep.equal([0, 1]);
    });
  });

  describe("its signal", () => {
    it("is made when it is read, once", () => {
      const made = sinon.spy(globalThis, "AbortController");
      const attempt = new Attempt();
      attempt.during(() => {});
      attempt.dialing(() => {});
      attempt.dialed();
      expect(made.callCount).to.equal(0);
      expect(attempt.signal).to.equal(attempt.signal);
      expect(made.callCount).to.equal(1);
    });

    it("is not made for what is called off and over", () => {
      const made = sinon.spy(globalThis, "AbortController");
      const attempt = new Attempt();
      attempt.during(() => {});
      attempt.callOff();
      attempt.over();
      expect(made.callCount).to.equal(0);
    });

    it("is among its options where these are copied or taken apart", () => {
      const attempt = new Attempt();
      const options: DialOptions = attempt;
      const copy = { ...options };
      const { signal } = attempt;
      expect([Object.keys(attempt), copy.signal, signal]).to.deep.equal([["signal"], attempt.signal, attempt.signal]);
    });
  });

  describe("that follows a signal", () => {
    it("is called off by it, with its reason, and listens until it is over", () => {
      const controller = new AbortController();
      const owner = sinon.spy();
      const attempt = new Attempt(controller.signal);
      const other = new Attempt(controller.signal);
      attempt.during(owner);
      other.during(owner);
      expect(listeners(controller.signal)).to.equal(2);
      other.over();
      expect(listeners(controller.signal)).to.equal(1);
      controller.abort(REASON);
      expect([attempt.isCalledOff, attempt.reason, attempt.signal.reason]).to.deep.equal([true, REASON, REASON]);
      expect([other.isCalledOff, owner.callCount]).to.deep.equal([false, 1]);
      attempt.over();
      expect(listeners(controller.signal)).to.equal(0);
    });

    it("is called off from the first where that is aborted", () => {
      const signal = AbortSignal.abort(REASON);
      const attempt = new Attempt(signal);
      expect([attempt.isCalledOff, attempt.reason, listeners(signal)]).to.deep.equal([true, REASON, 0]);
    });

    it("can be called off by its owner too, whose reason then counts", () => {
      const controller = new AbortController();
      const attempt = new Attempt(controller.signal);
      attempt.callOff(REASON);
      controller.abort(new Error("later"));
      expect(attempt.reason).to.equal(REASON);
    });
  });

  describe("of a dialer's options", () => {
    it("is what they are, where they are one", () => {
      const attempt = new Attempt();
      expect(Attempt.of(attempt)).to.equal(attempt);
      attempt.dialed();
      attempt.callOff();
      expect(attempt.isCalledOff).to.equal(true);
    });

    it("follows their signal until the dialer has done its part", () => {
      const controller = new AbortController();
      const attempt = Attempt.of({ signal: controller.signal });
      expect(listeners(controller.signal)).to.equal(1);
      attempt.dialed();
      expect(listeners(controller.signal)).to.equal(0);
      controller.abort();
      expect(attempt.isCalledOff).to.equal(false);
      const called = Attempt.of({ signal: controller.signal });
      expect(called.reason).to.equal(controller.signal.reason);
    });

    it("is never called off where they say nothing", () => {
      expect(Attempt.of({}).isCalledOff).to.equal(false);
    });

    it("is one of its own for each of two dialers at once, and the same for one after the other", () => {
      const attempt = new Attempt();
      const told: string[] = [];
      Attempt.of(attempt).dialing(() => told.push("first"));
      const second = Attempt.of(attempt);
      second.dialing(() => told.push("second"));
      expect(second).to.not.equal(attempt);
      attempt.callOff(REASON);
      expect([told, second.reason]).to.deep.equal([["first", "second"], REASON]);
      attempt.dialed();
      expect(Attempt.of(attempt)).to.equal(attempt);
      second.dialed();
      expect(listeners(attempt.signal)).to.equal(0);
    });
  });

  describe("given to our dialers", () => {
    const clock = new SimulatedClock();
    const network = new MemoryNetwork({ clock, seed: 1 });
    // Names that are looked up: neither is done at once.
    for (const [name, dialer] of [
      ["memory", network.dialer()],
      ["TCP", new TcpTransport("localhost", 9, { clock })],
      ["UDP", new UdpTransport("localhost", 9, { clock })],
    ] as const) {
      it(`calls ${name} off before and while it dials, with the reason and without a signal`, async () => {
        const made = sinon.spy(globalThis, "AbortController");
        const before = new Attempt();
        before.callOff(REASON);
        expect((await rejectionOf(dialer.dial(before), "CLOSED")).cause).to.equal(REASON);
        const attempt = new Attempt();
        const dialing = dialer.dial(attempt);
        expect(await isPending(dialing)).to.equal(true);
        attempt.callOff(REASON);
        const error = await rejectionOf(dialing, "CLOSED");
        expect([error.cause, error.message]).to.deep.equal([REASON, `connecting to ${placeOf(name)} was aborted`]);
        expect([made.callCount, clock.pending]).to.deep.equal([0, 0]);
      });
    }

    function placeOf(name: string): string {
      return name === "memory" ? "memory memory" : "localhost:9";
    }
  });
});

import { getEventListeners } from "node:events";
import { expect } from "chai";
import { sessionRig } from "../support/session-driver-rig.js";
import { microtasks, rejectionOf } from "../support/session-waits.js";

describe("A signal", () => {
  let abort: AbortController;

  beforeEach(() => {
    abort = new AbortController();
  });

  afterEach(() => {
    expect(getEventListeners(abort.signal, "abort")).to.deep.equal([]);
  });

  describe("of sendAsync", () => {
    it("withdraws a message that waits for room, and those behind it go out", async () => {
      const { rig, session } = sessionRig({ maxUnsentBytes: 1 });
      const accepted = session.sendAsync("accepted");
      const withdrawn = rejectionOf(session.sendAsync("withdrawn", { signal: abort.signal }), "CLOSED");
      const behind = session.sendAsync("behind");
      const reason = new Error("not wanted any more");
      abort.abort(reason);
      expect((await withdrawn).cause).to.equal(reason);
      rig.exchange();
      await accepted;
      rig.exchange();
      await behind;
      expect(rig.peerHas()).to.deep.equal(["accepted", "behind"]);
    });

    it("never withdraws a message that was accepted", async () => {
      const { rig, session } = sessionRig();
      const sending = session.sendAsync("accepted", { signal: abort.signal });
      abort.abort();
      await microtasks();
      rig.exchange();
      await sending;
      expect(rig.peerHas()).to.deep.equal(["accepted"]);
    });

    it("that has aborted sends nothing", async () => {
      const { rig, session } = sessionRig();
      abort.abort();
      await rejectionOf(session.sendAsync("x", { signal: abort.signal }), "CLOSED");
      await microtasks();
      expect(rig.link.take()).to.have.lengthOf(0);
    });

    it("leaves nothing behind that waits: the next send is taken as soon as there is room", async () => {
      const { rig, session } = sessionRig({ maxUnsentBytes: 1 });
      const accepted = session.sendAsync("x");
      const withdrawn = rejectionOf(session.sendAsync("y", { signal: abort.signal }), "CLOSED");
      abort.abort();
      await withdrawn;
      expect(session.send("too early")).to.equal(false);
      rig.exchange();
      await accepted;
      expect(session.send("z")).to.equal(true);
    });

    it("is let go when the session ends", async () => {
      const { rig, session } = sessionRig({ maxUnsentBytes: 1 });
      const ends = [
        session.sendAsync("a", { signal: abort.signal }),
        session.sendAsync("b", { signal: abort.signal }),
      ].map((send) => rejectionOf(send, "TRANSPORT"));
      await microtasks();
      rig.link.close();
      await Promise.all(ends);
    });
  });

  describe("of ping and rekey", () => {
    it("ends the wait with CLOSED, and the session goes on", async () => {
      const { rig, session } = sessionRig();
      const first = session.rekey();
      rig.exchange();
      await first;
      const timers = rig.clock.pending;
      const ping = rejectionOf(session.ping({ signal: abort.signal }), "CLOSED");
      const rekey = rejectionOf(session.rekey({ signal: abort.signal }), "CLOSED");
      await microtasks();
      abort.abort();
      await Promise.all([ping, rekey]);
      expect([session.isConnected, rig.clock.pending]).to.deep.equal([true, timers]);
      rig.exchange();
      rig.peerSends("still here");
      expect(session.readString()).to.equal("still here");
    });

    it("that has aborted asks for nothing", async () => {
      const { rig, session } = sessionRig();
      abort.abort();
      await rejectionOf(session.ping({ signal: abort.signal }), "CLOSED");
      await rejectionOf(session.rekey({ signal: abort.signal }), "CLOSED");
      expect(rig.link.take()).to.have.lengthOf(0);
    });

    it("is let go with the answer", async () => {
      const { rig, session } = sessionRig();
      const ping = session.ping({ signal: abort.signal });
      rig.exchange();
      expect(await ping).to.equal(0);
    });
  });

  it("must be one: INVALID_ARG", async () => {
    const { session } = sessionRig();
    for (const call of [
      session.sendAsync("x", { signal: 5 as never }),
      session.ping({ signal: {} as never }),
      session.rekey({ signal: "x" as never }),
    ])
      await rejectionOf(call, "INVALID_ARG");
  });
});

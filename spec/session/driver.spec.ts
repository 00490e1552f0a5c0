import { expect } from "chai";
import { concat } from "../../lib/core/wire/bytes.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { UsmpError } from "../../lib/errors.js";
import { flipped, utf8 } from "../support/core-bytes.js";
import { expectCode } from "../support/core-errors.js";
import { splitFrames } from "../support/core-frames.js";
import { DriverRig } from "../support/session-driver-rig.js";
import { isPending, microtasks, rejectionOf } from "../support/session-waits.js";

/** A sealed message of one byte takes this much. */
const ONE_BYTE_FRAME = 12 + 28 + 1;

const closed = (): UsmpError => new UsmpError("CLOSED", "by the spec");

describe("SessionDriver", () => {
  describe("the handshake", () => {
    it("begins with HELLO at once", () => {
      const { link } = new DriverRig();
      expect(link.writes.map((write) => write[3])).to.deep.equal([FrameType.HELLO]);
    });

    it("is told as established, and then messages that came in the same chunk", () => {
      const rig = new DriverRig();
      rig.peer.receive(rig.link.take(), 0);
      rig.link.deliver(rig.peer.output());
      rig.peer.receive(rig.link.take(), 0);
      rig.peer.connection.send(utf8("first"), 0);
      rig.link.deliver(rig.peer.output());
      expect(rig.events).to.deep.equal(["established", "message first"]);
    });

    it("is told as failed, once, with TIMEOUT at its deadline", async () => {
      const rig = new DriverRig();
      await rig.clock.advance(9_999);
      expect(rig.events).to.deep.equal([]);
      await rig.clock.advance(1);
      expect(rig.events).to.deep.equal(["failed TIMEOUT"]);
      expect(rig.link.destroyed).to.equal(true);
      rig.link.close();
      await rig.driver.finished;
      expect([rig.events.length, rig.clock.pending]).to.deep.equal([1, 0]);
    });

    it("is told as failed where the link breaks, and finished resolves", async () => {
      const rig = new DriverRig();
      rig.link.close(new UsmpError("TRANSPORT", "broke"));
      await rig.driver.finished;
      expect(rig.events).to.deep.equal(["failed TRANSPORT"]);
      expect(rig.clock.pending).to.equal(0);
    });

    it("called off is told as failed with the given reason", () => {
      const rig = new DriverRig();
      rig.driver.abandon(closed());
      rig.driver.abandon(new UsmpError("TIMEOUT", "later"));
      expect(rig.events).to.deep.equal(["failed CLOSED"]);
    });
  });

  describe("sending", () => {
    it("many in one turn is one write", async () => {
      const rig = new DriverRig().establish();
      const before = rig.link.writes.length;
      for (let index = 0; index < 20; index++) rig.driver.send(utf8(`${index}`));
      expect(rig.link.writes).to.have.lengthOf(before);
      await microtasks();
      // Pieces of the outbox grow: 20 frames of 41 or 42 bytes fit in the first.
      expect(rig.link.writes).to.have.lengthOf(before + 1);
      expect(rig.peerHas()).to.have.lengthOf(20);
    });

    it("of a PONG waits while what was sent piles up, and goes on as soon as it does no more", async () => {
      const rig = new DriverRig({ maxUnsentBytes: 20 }).establish();
      rig.driver.send(utf8("x"));
      await microtasks();
      const before = rig.link.writes.length;
      rig.peer.connection.request({ type: "ping" }, rig.clock.now());
      rig.link.deliver(rig.peer.output());
      expect(rig.link.writes).to.have.lengthOf(before);
      rig.link.flush();
      expect(rig.link.writes).to.have.lengthOf(before + 1);
    });

    it("a lone message is written as soon as the caller is done, without a timer", async () => {
      const rig = new DriverRig().establish();
      const before = rig.link.writes.length;
      rig.driver.send(utf8("lone"));
      await Promise.resolve();
      expect(rig.link.writes).to.have.lengthOf(before + 1);
      expect(rig.peerHas()).to.deep.equal(["lone"]);
    });

    it("a long burst does not wait for the end of the turn", () => {
      const rig = new DriverRig({ maxUnsentBytes: 1_000_000 }).establish();
      const before = rig.link.writes.length;
      for (let sends = 0; sends < 40; sends++) rig.driver.send(new Uint8Array(1_000));
      expect(rig.link.writes.length).to.be.greaterThan(before);
    });

    it("within a message handler leaves with the answer of the pump", () => {
      const rig = new DriverRig({ handlers: { onMessage: (data) => rig.driver.send(data) } }).establish();
      const before = rig.link.writes.length;
      rig.peerSends("a", "b", "c");
      expect(rig.link.writes).to.have.lengthOf(before + 1);
      expect(rig.peerHas()).to.deep.equal(["a", "b", "c"]);
    });

    it("is refused with BUFFER_FULL while enough bytes wait, and nothing was sent then", async () => {
      const rig = new DriverRig({ maxUnsentBytes: 2 * ONE_BYTE_FRAME }).establish();
      rig.driver.send(utf8("1"));
      rig.driver.send(utf8("2"));
      const error = expectCode(() => rig.driver.send(utf8("3")), "BUFFER_FULL");
      expect(error.message)
        .to.include(`${2 * ONE_BYTE_FRAME} bytes`)
        .and.to.include("drain");
      await microtasks();
      expect(rig.peerHas()).to.deep.equal(["1", "2"]);
      expect(rig.events).to.deep.equal([]);
    });

    it("again is announced by drain, once, when half of it is gone", async () => {
      const rig = new DriverRig({ maxUnsentBytes: 4 * ONE_BYTE_FRAME }).establish();
      for (const message of ["1", "2", "3", "4"]) {
        rig.driver.send(utf8(message));
        await microtasks();
      }
      expectCode(() => rig.driver.send(utf8("5")), "BUFFER_FULL");
      expectCode(() => rig.driver.send(utf8("5")), "BUFFER_FULL");
      rig.link.flush(1);
      expect(rig.events).to.deep.equal([]);
      rig.link.flush(1);
      expect(rig.events).to.deep.equal(["drain"]);
      rig.link.flush();
      expect(rig.events).to.deep.equal(["drain"]);
      rig.driver.send(utf8("5"));
    });

    it("has no drain where nothing was refused", async () => {
      const rig = new DriverRig().establish();
      rig.driver.send(utf8("1"));
      await microtasks();
      rig.link.flush();
      expect(rig.events).to.deep.equal([]);
    });

    it("of 1809 bytes is refused with PAYLOAD_TOO_LARGE, and the session goes on", async () => {
      const rig = new DriverRig().establish();
      expectCode(() => rig.driver.send(new Uint8Array(1_809)), "PAYLOAD_TOO_LARGE");
      rig.driver.send(utf8("fine"));
      await microtasks();
      expect(rig.peerHas()).to.deep.equal(["fine"]);
    });

    it("after the end is refused with NOT_CONNECTED, however much waits", async () => {
      const rig = new DriverRig({ maxUnsentBytes: 1 }).establish();
      rig.driver.send(utf8("1"));
      void rig.driver.close(closed());
      expectCode(() => rig.driver.send(utf8("2")), "NOT_CONNECTED");
      await microtasks();
    });
  });

  describe("sendAsync", () => {
    it("resolves when the network has taken the bytes, not before", async () => {
      const rig = new DriverRig().establish();
      const sent = rig.driver.sendAsync(utf8("a"));
      await microtasks();
      expect(rig.peerHas()).to.deep.equal(["a"]);
      expect(await isPending(sent)).to.equal(true);
      rig.link.flush();
      await sent;
    });

    it("resolves in order, each with its own bytes", async () => {
      const rig = new DriverRig().establish();
      const resolved: number[] = [];
      for (let index = 0; index < 3; index++) {
        void rig.driver.sendAsync(utf8(`${index}`)).then(() => resolved.push(index));
        await microtasks();
      }
      rig.link.flush(1);
      await microtasks();
      expect(resolved).to.deep.equal([0]);
      rig.link.flush(2);
      await microtasks();
      expect(resolved).to.deep.equal([0, 1, 2]);
    });

    it("waits for room, in order, and send is refused behind it", async () => {
      const rig = new DriverRig({ maxUnsentBytes: ONE_BYTE_FRAME }).establish();
      const sends = ["1", "2", "3"].map((message) => rig.driver.sendAsync(utf8(message)));
      expectCode(() => rig.driver.send(utf8("4")), "BUFFER_FULL");
      await microtasks();
      expect(rig.peerHas()).to.deep.equal(["1"]);
      for (let rounds = 0; rounds < 3; rounds++) {
        rig.link.flush();
        await microtasks();
      }
      await Promise.all(sends);
      expect(rig.peerHas()).to.deep.equal(["1", "2", "3"]);
      expect(rig.events).to.deep.equal(["drain"]);
    });

    it("says when as much waits as there is room for, and when nothing waits any more", async () => {
      const rig = new DriverRig({ maxUnsentBytes: ONE_BYTE_FRAME }).establish();
      const message = new Uint8Array(ONE_BYTE_FRAME - 1);
      const sends = [rig.driver.sendAsync(utf8("1")), rig.driver.sendAsync(message)];
      expect(rig.events).to.deep.equal([]);
      sends.push(rig.driver.sendAsync(utf8("2")));
      expect(rig.events).to.deep.equal(["sends piled"]);
      for (let rounds = 0; rounds < 3; rounds++) {
        await microtasks();
        rig.link.flush();
      }
      await Promise.all(sends);
      expect(rig.events).to.deep.equal(["sends piled", "sends gone"]);
    });

    it("copies what has to wait: the caller may change it meanwhile", async () => {
      const rig = new DriverRig({ maxUnsentBytes: 1 }).establish();
      const first = rig.driver.sendAsync(utf8("1"));
      const message = utf8("two");
      const second = rig.driver.sendAsync(message);
      message.fill(0x78);
      await microtasks();
      rig.link.flush();
      await microtasks();
      rig.link.flush();
      await Promise.all([first, second]);
      expect(rig.peerHas()).to.deep.equal(["1", "two"]);
    });

    it("rejects with PAYLOAD_TOO_LARGE, also where it waited, and those behind it go on", async () => {
      const rig = new DriverRig({ maxUnsentBytes: 1 }).establish();
      const first = rig.driver.sendAsync(utf8("1"));
      const tooLarge = rejectionOf(rig.driver.sendAsync(new Uint8Array(1_809)), "PAYLOAD_TOO_LARGE");
      const last = rig.driver.sendAsync(utf8("2"));
      await microtasks();
      rig.link.flush();
      await microtasks();
      rig.link.flush();
      await Promise.all([first, tooLarge, last]);
      expect(rig.peerHas()).to.deep.equal(["1", "2"]);
    });

    it("is done with 100,000 waiting messages in seconds", async () => {
      const rig = new DriverRig({ maxUnsentBytes: 30_000 }).establish();
      let resolved = 0;
      for (let sends = 0; sends < 100_000; sends++) {
        void rig.driver.sendAsync(utf8("x")).then(() => resolved++);
      }
      while (resolved < 100_000) {
        await Promise.resolve();
        rig.link.flush();
      }
    });

    it("rejects what waits for room at once when the session ends, and never sends it", async () => {
      const rig = new DriverRig({ maxUnsentBytes: 1 }).establish();
      const first = rig.driver.sendAsync(utf8("1"));
      const waiting = rejectionOf(rig.driver.sendAsync(utf8("2")), "CLOSED");
      void rig.driver.close(closed());
      await waiting;
      rig.link.flush();
      await first;
      expect(rig.peerHas()).to.deep.equal(["1"]);
    });

    it("rejects what the network never took when the link closes, with the session's reason", async () => {
      const rig = new DriverRig().establish();
      const sent = rig.driver.sendAsync(utf8("1"));
      await microtasks();
      const rejected = rejectionOf(sent, "TRANSPORT");
      rig.link.close(new UsmpError("TRANSPORT", "broke"));
      expect(await rejected).to.equal(rig.ended);
    });

    it("settles within an ended session, whatever waits", async () => {
      const rig = new DriverRig({ maxUnsentBytes: 1 }).establish();
      rig.driver.send(utf8("1"));
      void rig.driver.close(closed());
      await rejectionOf(rig.driver.sendAsync(utf8("2")), "NOT_CONNECTED");
      rig.link.close();
      await rejectionOf(rig.driver.sendAsync(utf8("3")), "NOT_CONNECTED");
    });
  });

  describe("time", () => {
    it("takes one timer at most, whatever goes on", async () => {
      const keepalive = { pingAfterTxIdleMs: 30_000, pingAfterRxIdleMs: 20_000, pongTimeoutMs: 30_000 };
      const rig = new DriverRig({ keepalive }).establish();
      for (let rounds = 0; rounds < 50; rounds++) {
        rig.driver.send(utf8("x"));
        await rig.clock.advance(1_700);
        rig.exchange();
        expect(rig.clock.pending).to.equal(1);
      }
    });

    it("makes it PING when due, and TIMEOUT when nobody answers", async () => {
      const keepalive = { pingAfterTxIdleMs: 30_000, pongTimeoutMs: 30_000 };
      const rig = new DriverRig({ keepalive }).establish();
      await rig.clock.advance(29_999);
      expect(rig.link.take()).to.have.lengthOf(0);
      await rig.clock.advance(1);
      expect(splitFrames(rig.link.take()).map((frame) => frame[3])).to.deep.equal([FrameType.PING]);
      await rig.clock.advance(29_999);
      expect(rig.events).to.deep.equal([]);
      await rig.clock.advance(1);
      expect(rig.events).to.deep.equal(["closed TIMEOUT"]);
      expect(rig.link.destroyed).to.equal(true);
    });

    it("that passed while the loop stood still is judged after one read pass: what came meanwhile counts", async () => {
      const rig = new DriverRig({ keepalive: { idleTimeoutMs: 60_000 } }).establish();
      rig.clock.jump(120_000);
      rig.clock.after(0, () => rig.peerSends("I am here"));
      await rig.clock.advance(0);
      expect(rig.events).to.deep.equal(["message I am here"]);
      await rig.clock.advance(59_999);
      expect(rig.events).to.have.lengthOf(1);
      await rig.clock.advance(1);
      expect(rig.events.at(-1)).to.equal("closed TIMEOUT");
    });

    it("is judged after a read pass however short a time the loop stood still", async () => {
      const rig = new DriverRig({ keepalive: { idleTimeoutMs: 60_000 } }).establish();
      rig.clock.jump(60_010);
      rig.clock.after(0, () => rig.peerSends("in time"));
      await rig.clock.advance(0);
      expect(rig.events).to.deep.equal(["message in time"]);
    });

    it("that passed while the loop stood still ends a silent peer after that read pass", async () => {
      const rig = new DriverRig({ keepalive: { idleTimeoutMs: 60_000 } }).establish();
      rig.clock.jump(120_000);
      await rig.clock.advance(0);
      expect(rig.events).to.deep.equal(["closed TIMEOUT"]);
    });

    it("is not held against a peer while the application does not read", async () => {
      const rig = new DriverRig({ keepalive: { idleTimeoutMs: 60_000 } }).establish();
      rig.driver.setReading(false);
      expect(rig.link.paused).to.equal(true);
      await rig.clock.advance(300_000);
      expect(rig.events).to.deep.equal([]);
      rig.driver.setReading(true);
      expect(rig.link.paused).to.equal(false);
      await rig.clock.advance(59_999);
      expect(rig.events).to.deep.equal([]);
      await rig.clock.advance(1);
      expect(rig.events).to.deep.equal(["closed TIMEOUT"]);
    });

    it("holds nothing up once unref was called: link and every later timer let the process end", async () => {
      const rig = new DriverRig({ keepalive: { pingAfterTxIdleMs: 1_000 } }).establish();
      const unrefs: number[] = [];
      const after = rig.clock.after.bind(rig.clock);
      rig.clock.after = (delayMs, callback) => {
        const timer = after(delayMs, callback);
        const at = unrefs.push(0) - 1;
        return { cancel: () => timer.cancel(), unref: () => void unrefs[at]!++ };
      };
      rig.driver.unref();
      expect(rig.link.unrefs).to.equal(1);
      await rig.clock.advance(3_000);
      rig.exchange();
      await rig.clock.advance(3_000);
      void rig.driver.close(closed());
      expect(unrefs.length).to.be.greaterThan(1);
      expect(unrefs.every((count) => count > 0)).to.equal(true);
    });
  });

  describe("requests", () => {
    it("ping is answered with the round trip", async () => {
      const rig = new DriverRig().establish();
      rig.driver.request({ type: "ping" });
      await rig.clock.advance(20);
      rig.exchange();
      expect(rig.events).to.deep.equal(["pong 20"]);
    });

    it("rekey tells both ends", () => {
      const rig = new DriverRig().establish();
      rig.driver.request({ type: "rekey" });
      rig.exchange();
      expect(rig.events).to.deep.equal(["rekeyed self"]);
      expect(rig.peer.events.at(-1)).to.deep.equal({ type: "rekeyed", by: "peer" });
      rig.peer.connection.request({ type: "rekey" }, 2_000);
      rig.driver.send(utf8("under the new key"));
      rig.exchange();
      expect(rig.peerHas()).to.deep.equal(["under the new key"]);
    });
  });

  describe("close", () => {
    it("lets out what was accepted, then BYE, then ends the link", async () => {
      const rig = new DriverRig().establish();
      rig.driver.send(utf8("last words"));
      const done = rig.driver.close(closed());
      expect(rig.link.calls.slice(-2)).to.deep.equal(["send", "end"]);
      expect(rig.peerHas()).to.deep.equal(["last words"]);
      expect(rig.peer.closed).to.equal("BYE");
      expect(rig.events).to.deep.equal(["closed CLOSED"]);
      expect(await isPending(done)).to.equal(true);
      rig.link.close();
      await done;
      expect([rig.link.destroyed, rig.clock.pending]).to.deep.equal([true, 0]);
    });

    it("destroys the link after closeTimeoutMs, not before", async () => {
      const rig = new DriverRig({ closeTimeoutMs: 700 }).establish();
      void rig.driver.close(closed());
      await rig.clock.advance(699);
      expect(rig.link.calls.at(-1)).to.equal("end");
      await rig.clock.advance(1);
      expect(rig.link.calls.at(-1)).to.equal("destroy");
    });

    it("is idempotent: one BYE, one event, every call resolves", async () => {
      const rig = new DriverRig().establish();
      const calls = [rig.driver.close(closed()), rig.driver.close(closed())];
      rig.link.close();
      await Promise.all([...calls, rig.driver.close(closed())]);
      expect(splitFrames(rig.link.take()).map((frame) => frame[3])).to.deep.equal([FrameType.BYE]);
      expect(rig.events).to.deep.equal(["closed CLOSED"]);
    });

    it("is the end of all deliveries", () => {
      const rig = new DriverRig().establish();
      void rig.driver.close(closed());
      rig.peerSends("too late");
      rig.link.endByPeer();
      rig.link.close();
      expect(rig.events).to.deep.equal(["closed CLOSED"]);
    });

    it("within a message handler is the end of all deliveries, also of what came in the same chunk", () => {
      const rig = new DriverRig({
        handlers: {
          onMessage: (data) => {
            rig.events.push(`message ${new TextDecoder().decode(data)}`);
            void rig.driver.close(closed());
          },
        },
      }).establish();
      rig.peerSends("a", "b", "c");
      expect(rig.events).to.deep.equal(["message a", "closed CLOSED"]);
      rig.peer.receive(rig.link.take(), 0);
      expect(rig.peer.closed).to.equal("BYE");
    });

    it("takes a link that was paused out of its pause, so that it sees the peer's end", () => {
      const rig = new DriverRig().establish();
      rig.driver.setReading(false);
      void rig.driver.close(closed());
      expect(rig.link.paused).to.equal(false);
      rig.driver.setReading(false);
      expect(rig.link.paused).to.equal(false);
    });

    it("abandon ends without BYE, and a violation's code destroys at once", () => {
      const rig = new DriverRig().establish();
      rig.driver.abandon(new UsmpError("SUPERSEDED", "by another"));
      expect(rig.link.take()).to.have.lengthOf(0);
      expect(rig.link.calls.at(-1)).to.equal("destroy");
      expect(rig.events).to.deep.equal(["closed SUPERSEDED"]);
    });
  });

  describe("the peer", () => {
    it("ends with BYE: what it had sent is told before, and the link ends in order", () => {
      const rig = new DriverRig().establish();
      rig.peer.connection.send(utf8("bye now"), 0);
      rig.peer.connection.close(closed());
      rig.link.deliver(rig.peer.output());
      expect(rig.events).to.deep.equal(["message bye now", "closed BYE"]);
      expect(rig.link.calls.at(-1)).to.equal("end");
    });

    it("ends the stream without BYE: TRANSPORT, and the link ends in order", () => {
      const rig = new DriverRig().establish();
      rig.link.endByPeer();
      expect(rig.events).to.deep.equal(["closed TRANSPORT"]);
      expect(rig.link.calls.at(-1)).to.equal("end");
    });

    it("violates the protocol: the link is destroyed at once, and nothing behind it is told", () => {
      const rig = new DriverRig().establish();
      const frames = ["good", "damaged", "behind"].map((message) => {
        rig.peer.connection.send(utf8(message), 0);
        return rig.peer.output();
      });
      frames[1] = flipped(frames[1]!, -1);
      rig.link.deliver(concat(...frames));
      expect(rig.events).to.deep.equal(["message good", "closed FRAME"]);
      expect(rig.link.calls.at(-1)).to.equal("destroy");
    });

    it("breaks the link: TRANSPORT with the link's own error, everything settles, finished resolves", async () => {
      const rig = new DriverRig().establish();
      const error = new UsmpError("TRANSPORT", "broke");
      rig.link.close(error);
      await rig.driver.finished;
      expect(rig.ended).to.equal(error);
      expect(rig.events).to.deep.equal(["closed TRANSPORT"]);
      expect(rig.clock.pending).to.equal(0);
    });

    it("is not asked to send more while the application does not read", () => {
      const rig = new DriverRig().establish();
      rig.driver.setReading(false);
      expect(rig.link.paused).to.equal(true);
      rig.driver.setReading(true);
      expect(rig.link.paused).to.equal(false);
    });
  });

  it("names the peer's address", () => {
    const { driver } = new DriverRig();
    expect([driver.remoteAddress, driver.remotePort]).to.deep.equal(["192.0.2.7", 4711]);
  });
});

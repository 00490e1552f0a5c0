import { Readable } from "node:stream";
import { expect } from "chai";
import { UsmpError } from "../../lib/errors.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { utf8 } from "../support/core-bytes.js";
import { splitFrames } from "../support/core-frames.js";
import { sessionRig } from "../support/session-driver-rig.js";
import { isPending, microtasks, rejectionOf, soon, warningsDuring } from "../support/session-waits.js";

const text = (data: Uint8Array | null): string | null => (data === null ? null : new TextDecoder().decode(data));

/** What a session tells, in order. */
function record(session: UsmpSession): string[] {
  const events: string[] = [];
  session.on("message", (data, length) => events.push(`message ${text(data)} ${length}`));
  session.on("drain", () => events.push("drain"));
  session.on("rekey", (by) => events.push(`rekey ${by}`));
  session.on("error", ({ code }) => events.push(`error ${code}`));
  session.on("close", ({ code }) => events.push(`close ${code}`));
  return events;
}

describe("UsmpSession", () => {
  it("says who and where it is", () => {
    const { session } = sessionRig();
    expect(session.deviceId).to.equal("a0:a1:a2:a3:a4:a5");
    expect(session.sessionId).to.match(/^[0-9a-f]{32}$/);
    expect([session.remoteAddress, session.remotePort]).to.deep.equal(["192.0.2.7", 4711]);
    expect([session.isConnected, session.lastError]).to.deep.equal([true, null]);
  });

  describe("send", () => {
    it("gives true and the message arrives", async () => {
      const { rig, session } = sessionRig();
      expect([session.send("a"), session.send(utf8("b")), session.send(new Uint8Array([0x63]).buffer)]).to.deep.equal([
        true,
        true,
        true,
      ]);
      await microtasks();
      expect(rig.peerHas()).to.deep.equal(["a", "b", "c"]);
    });

    it("borrows its bytes for the call alone", async () => {
      const { rig, session } = sessionRig();
      const message = utf8("mine");
      session.send(message);
      message.fill(0);
      await microtasks();
      expect(rig.peerHas()).to.deep.equal(["mine"]);
    });

    it("gives false for 1809 bytes, PAYLOAD_TOO_LARGE in lastError, and goes on", async () => {
      const { rig, session } = sessionRig();
      expect(session.send(new Uint8Array(1_809))).to.equal(false);
      expect(session.lastError?.code).to.equal("PAYLOAD_TOO_LARGE");
      expect(session.send(new Uint8Array(1_808))).to.equal(true);
      await microtasks();
      rig.peerHas();
      expect(rig.peer.messages.map(({ length }) => length)).to.deep.equal([1_808]);
    });

    it("gives false where there is no room, BUFFER_FULL in lastError, and drain follows", async () => {
      const { rig, session } = sessionRig({ maxUnsentBytes: 1 });
      const events = record(session);
      expect([session.send("a"), session.send("b")]).to.deep.equal([true, false]);
      expect(session.lastError?.code).to.equal("BUFFER_FULL");
      await microtasks();
      rig.link.flush();
      expect(events).to.deep.equal(["drain"]);
      expect(session.send("b")).to.equal(true);
      await microtasks();
      expect(rig.peerHas()).to.deep.equal(["a", "b"]);
    });

    it("gives false after the end, NOT_CONNECTED in lastError, the end's reason as cause", async () => {
      const { rig, session } = sessionRig();
      rig.link.close();
      expect([session.send("a"), session.isConnected]).to.deep.equal([false, false]);
      expect(session.lastError?.code).to.equal("NOT_CONNECTED");
      expect(session.lastError?.cause).to.equal(await session.closed);
    });

    it("throws a TypeError for anything that is no message, also after the end", () => {
      const { rig, session } = sessionRig();
      expect(() => session.send(5 as never)).to.throw(TypeError);
      rig.link.close();
      expect(() => session.send(null as never)).to.throw(TypeError);
    });
  });

  describe("sendAsync", () => {
    it("resolves when the network has taken the bytes", async () => {
      const { rig, session } = sessionRig();
      const sent = session.sendAsync("a");
      await microtasks();
      expect(await isPending(sent)).to.equal(true);
      rig.link.flush();
      await sent;
    });

    it("rejects for what cannot be sent", async () => {
      const { rig, session } = sessionRig();
      const wrongType = await session.sendAsync(5 as never).then(
        () => null,
        (error: unknown) => error,
      );
      expect(wrongType).to.be.instanceOf(TypeError);
      await rejectionOf(session.sendAsync(new Uint8Array(1_809)), "PAYLOAD_TOO_LARGE");
      rig.link.close();
      await rejectionOf(session.sendAsync("late"), "NOT_CONNECTED");
    });

    it("rejects with the reason of the end where it was still waiting", async () => {
      const { rig, session } = sessionRig({ maxUnsentBytes: 1 });
      const accepted = rejectionOf(session.sendAsync("a"), "TRANSPORT");
      const waiting = rejectionOf(session.sendAsync("b"), "TRANSPORT");
      await microtasks();
      rig.link.close();
      expect(await accepted).to.equal(await waiting);
    });
  });

  describe("messages", () => {
    it("reach the callback and the listeners, with their length", () => {
      const { rig, session } = sessionRig();
      const events = record(session);
      session.onMessage((data) => events.push(`callback ${text(data)}`));
      rig.peerSends("a", "");
      expect(events).to.deep.equal(["callback a", "message a 1", "callback ", "message  0"]);
    });

    it("are Buffers of the listener's own", () => {
      const { rig, session } = sessionRig();
      const kept: Uint8Array[] = [];
      session.on("message", (data) => kept.push(data));
      rig.peerSends("first");
      rig.peerSends("other");
      expect(kept.map(text)).to.deep.equal(["first", "other"]);
      expect(kept.every((data) => Buffer.isBuffer(data))).to.equal(true);
      expect(kept[0]!.buffer === kept[1]!.buffer && kept[0]!.byteOffset === kept[1]!.byteOffset).to.equal(false);
    });

    it("go to recv first, then to listeners", async () => {
      const { rig, session } = sessionRig();
      const events = record(session);
      const received = session.recv();
      rig.peerSends("a", "b");
      expect(text(await received)).to.equal("a");
      expect(events).to.deep.equal(["message b 1"]);
    });

    it("wait for available and read where nobody listens", () => {
      const { rig, session } = sessionRig();
      expect([session.available(), session.read(), session.readString()]).to.deep.equal([false, null, ""]);
      rig.peerSends("a", "bcd", "e");
      expect(session.available()).to.equal(true);
      expect(text(session.read())).to.equal("a");
      const into = new Uint8Array(2);
      expect(session.read(into)).to.equal(2);
      expect(text(into)).to.equal("bc");
      expect(session.readString()).to.equal("e");
      expect([session.available(), session.read(into)]).to.deep.equal([false, 0]);
    });

    it("that wait reach a listener that comes later", async () => {
      const { rig, session } = sessionRig();
      rig.peerSends("a", "b");
      const events = record(session);
      await microtasks();
      expect(events).to.deep.equal(["message a 1", "message b 1"]);
    });

    it("that a once listener left behind wait for the next reader", async () => {
      const { rig, session } = sessionRig();
      const heard: (string | null)[] = [];
      session.once("message", (data) => heard.push(text(data)));
      rig.peerSends("a", "b");
      expect(heard).to.deep.equal(["a"]);
      expect(text(await session.recv())).to.equal("b");
    });

    it("too many to be read stop the reading, and reading them lets it go on", () => {
      const { rig, session } = sessionRig({ maxUnreadMessages: 4 });
      session.available();
      rig.peerSends("1", "2", "3");
      expect(rig.link.paused).to.equal(false);
      rig.peerSends("4");
      expect(rig.link.paused).to.equal(true);
      session.read();
      session.read();
      expect(rig.link.paused).to.equal(false);
    });

    it("that nobody ever asked for drop the oldest, told once, and never stop the reading", () => {
      const { rig, session } = sessionRig({ maxUnreadMessages: 2 });
      let dropped = 0;
      session.on("dropped", () => dropped++);
      rig.peerSends("1", "2", "3", "4");
      expect([dropped, session.stats().droppedMessages, session.stats().unreadMessages]).to.deep.equal([1, 2, 2]);
      expect(rig.link.paused).to.equal(false);
      expect(session.readString()).to.equal("3");
    });
  });

  describe("pause", () => {
    it("holds messages back and stops the reading until resume", () => {
      const { rig, session } = sessionRig();
      const events = record(session);
      session.pause();
      expect(rig.link.paused).to.equal(true);
      rig.peerSends("already read");
      expect(events).to.deep.equal([]);
      session.resume();
      expect(rig.link.paused).to.equal(false);
      expect(events).to.deep.equal(["message already read 12"]);
    });

    it("within a message handler holds back what came in the same chunk", () => {
      const { rig, session } = sessionRig();
      const heard: (string | null)[] = [];
      session.on("message", (data) => {
        heard.push(text(data));
        session.pause();
      });
      rig.peerSends("a", "b", "c");
      expect(heard).to.deep.equal(["a"]);
      session.resume();
      expect(heard).to.deep.equal(["a", "b"]);
    });

    it("and a full queue both stop the reading: it goes on when neither does", () => {
      const { rig, session } = sessionRig({ maxUnreadMessages: 2 });
      session.pause();
      rig.peerSends("1", "2");
      session.resume();
      expect(rig.link.paused, "the queue is full").to.equal(true);
      session.pause();
      session.read();
      session.read();
      expect(rig.link.paused, "the user paused").to.equal(true);
      session.resume();
      expect(rig.link.paused).to.equal(false);
    });

    it("does not keep recv from what is there", async () => {
      const { rig, session } = sessionRig();
      session.pause();
      rig.peerSends("a");
      expect(text(await session.recv())).to.equal("a");
    });
  });

  describe("recv", () => {
    it("rejects with TIMEOUT at its time, and the next one gets the message", async () => {
      const { rig, session } = sessionRig();
      const rejected = rejectionOf(session.recv({ timeoutMs: 5 }), "TIMEOUT");
      await rig.clock.advance(5);
      await rejected;
      const next = session.recv();
      rig.peerSends("a");
      expect(text(await next)).to.equal("a");
    });

    it("rejects with CLOSED when aborted", async () => {
      const { session } = sessionRig();
      const controller = new AbortController();
      const rejected = rejectionOf(session.recv({ signal: controller.signal }), "CLOSED");
      controller.abort();
      await rejected;
      expect(session.isConnected).to.equal(true);
    });

    it("rejects with the reason of the end; what was queued comes first", async () => {
      const { rig, session } = sessionRig();
      const waiting = rejectionOf(session.recv(), "BYE");
      rig.peer.connection.close(new UsmpError("CLOSED", "spec"));
      rig.link.deliver(rig.peer.output());
      expect(await waiting).to.equal(await session.closed);

      const second = sessionRig();
      second.rig.peerSends("a");
      second.rig.link.close();
      expect(text(await second.session.recv())).to.equal("a");
      await rejectionOf(second.session.recv(), "TRANSPORT");
    });
  });

  describe("iteration", () => {
    it("gives every message and ends quietly with the session", async () => {
      const { rig, session } = sessionRig();
      rig.peerSends("a", "b");
      const heard: (string | null)[] = [];
      for await (const message of session) {
        heard.push(text(message));
        if (heard.length === 2) rig.peerSends("c");
        if (heard.length === 3) rig.link.close();
      }
      expect(heard).to.deep.equal(["a", "b", "c"]);
    });

    it("that is left leaves the session open and the rest to others", async () => {
      const { rig, session } = sessionRig();
      rig.peerSends("a", "b");
      for await (const message of session) {
        expect(text(message)).to.equal("a");
        break;
      }
      expect([session.isConnected, session.readString()]).to.deep.equal([true, "b"]);
    });

    it("that is left while it waits settles at once, and the next message goes to the next reader (case 84)", async () => {
      const { rig, session } = sessionRig();
      const messages = session[Symbol.asyncIterator]();
      const waiting = [messages.next(), messages.next()];
      const next = session.recv();
      const done = { value: undefined, done: true };
      expect(await soon(messages.return(), "return()")).to.deep.equal(done);
      expect(await soon(Promise.all(waiting), "next()")).to.deep.equal([done, done]);
      rig.peerSends("a", "b");
      expect(text(await soon(next, "recv()"))).to.equal("a");
      expect(session.readString()).to.equal("b");
    });

    it("by a Readable that is destroyed takes no message with it (case 84)", async () => {
      const { rig, session } = sessionRig();
      for (const reason of [undefined, new Error("spec")]) {
        const stream = Readable.from(session);
        stream.on("error", () => {});
        stream.resume();
        await microtasks();
        const closed = new Promise<void>((resolve) => stream.once("close", resolve));
        stream.destroy(reason);
        await soon(closed, "close");
        rig.peerSends("kept");
        expect(session.readString()).to.equal("kept");
      }
    });

    it("ends while it waits", async () => {
      const { rig, session } = sessionRig();
      const loop = (async () => {
        for await (const message of session) expect.fail(String(text(message)));
      })();
      await microtasks();
      rig.link.close();
      await loop;
    });
  });

  describe("keepalive", () => {
    const frameTypes = (sent: Uint8Array): number[] => splitFrames(sent).map((frame) => frame[3]!);

    it("asks for a sign of life at another interval from now on", async () => {
      const { rig, session } = sessionRig();
      await rig.clock.advance(4_000);
      session.keepalive(10_000);
      await rig.clock.advance(5_999);
      expect(frameTypes(rig.link.take())).to.deep.equal([]);
      await rig.clock.advance(1);
      expect(frameTypes(rig.link.take())).to.deep.equal([FrameType.PING]);
    });

    it("asks at once where the new interval is over already", async () => {
      const { rig, session } = sessionRig();
      await rig.clock.advance(4_000);
      session.keepalive(3_000);
      await rig.clock.advance(0);
      expect(frameTypes(rig.link.take())).to.deep.equal([FrameType.PING]);
    });

    it("asks no faster than a peer puts up with, however small the interval", async () => {
      const { rig, session } = sessionRig();
      session.keepalive(0.001);
      for (let passedMs = 0; passedMs < 5_000; passedMs += 10) {
        await rig.clock.advance(10);
        rig.exchange();
      }
      expect([rig.peer.closed, session.isConnected]).to.deep.equal([undefined, true]);
      expect(session.stats().framesSent).to.be.within(10, 20);
    });

    it("asks never again in any time to come with Infinity", async () => {
      const { rig, session } = sessionRig();
      session.keepalive(Infinity);
      await rig.clock.advance(3_600_000);
      expect([frameTypes(rig.link.take()), rig.clock.pending]).to.deep.equal([[], 0]);
    });

    it("changes nothing for a PING that is out: it is still waited for", async () => {
      const { rig, session } = sessionRig({ keepalive: { pongTimeoutMs: 5_000 } });
      const events = record(session);
      session.keepalive(1_000);
      await rig.clock.advance(1_000);
      expect(frameTypes(rig.link.take())).to.deep.equal([FrameType.PING]);
      session.keepalive(0);
      await rig.clock.advance(4_999);
      expect(session.isConnected).to.equal(true);
      await rig.clock.advance(1);
      expect(events.at(-1)).to.equal("close TIMEOUT");
    });

    it("asks no more with 0", async () => {
      const { rig, session } = sessionRig();
      session.keepalive(10_000);
      session.keepalive(0);
      await rig.clock.advance(3_600_000);
      expect(frameTypes(rig.link.take())).to.deep.equal([]);
    });

    it("throws INVALID_ARG for what is no number of milliseconds, and changes nothing after the end", async () => {
      const { rig, session } = sessionRig();
      for (const bad of [-1, NaN, "10" as unknown as number])
        expect(() => session.keepalive(bad))
          .to.throw("keepaliveMs")
          .with.property("code", "INVALID_ARG");
      rig.link.close();
      session.keepalive(1_000);
      await rig.clock.advance(10_000);
      expect(rig.clock.pending).to.equal(0);
    });
  });

  describe("ping", () => {
    it("resolves with the round trip in milliseconds", async () => {
      const { rig, session } = sessionRig();
      const timersBefore = rig.clock.pending;
      const ping = session.ping();
      await rig.clock.advance(30);
      rig.exchange();
      expect(await ping).to.equal(30);
      expect(rig.clock.pending).to.equal(timersBefore);
    });

    it("shares one PING among calls at the same time", async () => {
      const { rig, session } = sessionRig();
      const pings = [session.ping(), session.ping(), session.ping()];
      const sent = rig.link.take();
      expect(splitFrames(sent).map((frame) => frame[3])).to.deep.equal([FrameType.PING]);
      rig.peer.receive(sent, rig.clock.now());
      rig.exchange();
      expect(await Promise.all(pings)).to.deep.equal([0, 0, 0]);
    });

    it("rejects with TIMEOUT at its own time; the session, and the other calls, go on", async () => {
      const { rig, session } = sessionRig();
      const timersBefore = rig.clock.pending;
      const short = rejectionOf(session.ping({ timeoutMs: 100 }), "TIMEOUT");
      const long = session.ping({ timeoutMs: 500 });
      await rig.clock.advance(100);
      expect((await short).message).to.include("100 ms");
      rig.exchange();
      expect(await long).to.equal(100);
      expect([session.isConnected, rig.clock.pending]).to.deep.equal([true, timersBefore]);
    });

    it("can be asked again after a TIMEOUT, and the late PONG answers", async () => {
      const { rig, session } = sessionRig();
      const first = rejectionOf(session.ping({ timeoutMs: 100 }), "TIMEOUT");
      await rig.clock.advance(100);
      await first;
      const second = session.ping();
      rig.exchange();
      expect(await second).to.equal(100);
    });

    it("rejects with the reason of the end, and after it with NOT_CONNECTED", async () => {
      const { rig, session } = sessionRig();
      const ping = rejectionOf(session.ping(), "TRANSPORT");
      rig.link.close();
      await ping;
      await rejectionOf(session.ping(), "NOT_CONNECTED");
      expect(rig.clock.pending).to.equal(0);
    });
  });

  describe("rekey", () => {
    it('resolves when this end sends under the new keys, told as "rekey" self', async () => {
      const { rig, session } = sessionRig();
      const events = record(session);
      const rekeyed = session.rekey();
      rig.exchange();
      await rekeyed;
      session.send("under the new key");
      await microtasks();
      rig.exchange();
      expect(rig.peerHas()).to.deep.equal(["under the new key"]);
      expect(events).to.deep.equal(["rekey self"]);
    });

    it('of the peer is told as "rekey" peer, and resolves no call of ours', async () => {
      const { rig, session } = sessionRig();
      const events = record(session);
      rig.peer.connection.request({ type: "rekey" }, rig.clock.now());
      rig.exchange();
      expect(events).to.deep.equal(["rekey peer"]);
    });

    it("a second time waits for the confirmation of the first and for its second to pass", async () => {
      const { rig, session } = sessionRig();
      await session.rekey();
      const second = session.rekey();
      rig.exchange();
      expect(await isPending(second)).to.equal(true);
      await rig.clock.advance(1_000);
      rig.exchange();
      await second;
    });

    it("rejects with the reason of the end, and after it with NOT_CONNECTED", async () => {
      const { rig, session } = sessionRig();
      await session.rekey();
      const waiting = rejectionOf(session.rekey(), "TRANSPORT");
      rig.link.close();
      await waiting;
      await rejectionOf(session.rekey(), "NOT_CONNECTED");
    });
  });

  describe("close", () => {
    it("sends BYE, tells close with CLOSED once, and resolves when the link is gone", async () => {
      const { rig, session } = sessionRig();
      const events = record(session);
      const done = session.close();
      expect([session.isConnected, events.join()]).to.deep.equal([false, "close CLOSED"]);
      expect(await isPending(done)).to.equal(true);
      rig.link.close();
      await done;
      rig.peerHas();
      expect([rig.peer.closed, rig.clock.pending, events.length]).to.deep.equal(["BYE", 0, 1]);
    });

    it("is idempotent, under each of its names", async () => {
      const { rig, session } = sessionRig();
      const calls = [session.close(), session.bye(), session[Symbol.asyncDispose]()];
      rig.link.close();
      await Promise.all(calls);
      await session.close();
      expect(splitFrames(rig.link.take()).map((frame) => frame[3])).to.deep.equal([FrameType.BYE]);
    });

    for (const event of ["message", "close", "drain", "rekey"] as const) {
      it(`works within a "${event}" listener, awaited or not`, async () => {
        const { rig, session } = sessionRig({ maxUnsentBytes: 1 });
        const events = record(session);
        let done: Promise<void> | undefined;
        session.on(event, async () => {
          done = session.close();
          await done;
        });
        session.send("a");
        session.send("b");
        await microtasks();
        rig.link.flush();
        rig.peerSends("x", "y");
        rig.peer.connection.request({ type: "rekey" }, rig.clock.now());
        rig.link.deliver(rig.peer.output());
        if (event === "close") void session.close();
        rig.link.close();
        await done;
        expect(events.filter((told) => told.startsWith("close"))).to.deep.equal(["close CLOSED"]);
        expect(events.at(-1)).to.equal("close CLOSED");
        expect(await session.closed).to.have.property("code", "CLOSED");
      });
    }

    it("rejects what waits, with CLOSED", async () => {
      const { session } = sessionRig();
      const waiting = Promise.all([
        rejectionOf(session.recv(), "CLOSED"),
        rejectionOf(session.ping(), "CLOSED"),
        session.rekey().then(() => rejectionOf(session.rekey(), "CLOSED")),
      ]);
      await microtasks();
      void session.close();
      await waiting;
    });
  });

  describe("closed", () => {
    it('resolves with the reason that "close" was told', async () => {
      const { rig, session } = sessionRig();
      let told: UsmpError | undefined;
      session.on("close", (reason) => (told = reason));
      rig.link.close();
      expect(await session.closed).to.equal(told);
      expect(told?.code).to.equal("TRANSPORT");
    });

    it("resolves for who comes after the end, too", async () => {
      const { rig, session } = sessionRig();
      rig.link.close();
      await microtasks();
      expect((await session.closed).code).to.equal("TRANSPORT");
    });
  });

  describe("handlers that fail", () => {
    it('are told on "error", thrown or rejected, and the session goes on', async () => {
      const { rig, session } = sessionRig();
      const errors: string[] = [];
      session.onError(({ code, message }) => errors.push(`${code} ${message}`));
      session.onMessage(() => {
        throw new Error("thrown");
      });
      session.on("message", async () => Promise.reject(new Error("rejected")));
      rig.peerSends("a");
      await microtasks();
      expect(errors).to.deep.equal(["HANDLER a callback failed: thrown", "HANDLER a callback failed: rejected"]);
      expect(session.isConnected).to.equal(true);
      session.send("still here");
      await microtasks();
      expect(rig.peerHas()).to.deep.equal(["still here"]);
    });

    it("are one process warning each where nobody listens", async () => {
      const { rig, session } = sessionRig();
      session.on("message", () => {
        throw new Error("unheard");
      });
      const warnings = await warningsDuring(() => rig.peerSends("a"));
      expect(warnings.map(({ message }) => message)).to.deep.equal(["a callback failed: unheard"]);
    });

    it('on "close" keep no promise from settling', async () => {
      const { rig, session } = sessionRig();
      session.on("error", () => {});
      session.on("close", () => {
        throw new Error("at the end");
      });
      const waiting = rejectionOf(session.recv(), "TRANSPORT");
      rig.link.close();
      await Promise.all([waiting, session.closed]);
    });
  });

  describe("stats", () => {
    it("counts what waits for the network", async () => {
      const { rig, session } = sessionRig();
      session.send("x");
      expect(session.stats().unsentBytes).to.equal(41);
      await microtasks();
      rig.link.flush();
      expect(session.stats().unsentBytes).to.equal(0);
    });
  });

  it("ends without BYE when the library abandons it", async () => {
    const { rig, session, owned } = sessionRig();
    owned.abandon(new UsmpError("SUPERSEDED", "by another"));
    expect((await session.closed).code).to.equal("SUPERSEDED");
    expect(rig.link.take()).to.have.lengthOf(0);
  });

  it("lets the process end after unref", () => {
    const { rig, session } = sessionRig();
    session.unref();
    expect(rig.link.unrefs).to.equal(1);
  });
});

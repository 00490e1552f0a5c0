import { getEventListeners } from "node:events";
import { expect } from "chai";
import { UsmpError } from "../../lib/errors.js";
import { Inbox, type ReceiveOptions, type Receiver } from "../../lib/session/inbox.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { isPending, microtasks, rejectionOf } from "../support/session-waits.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array | null): string | null => (data === null ? null : new TextDecoder().decode(data));

class Rig {
  readonly clock = new VirtualClock();
  readonly delivered: string[] = [];
  readonly pressure: boolean[] = [];
  firstDrops = 0;
  listening = false;
  /** Runs within each delivery. */
  onDelivery: (message: string) => void = () => {};
  readonly inbox: Inbox<Receiver>;
  readonly session: Receiver = {
    deliver: (data) => {
      if (!this.listening) return false;
      const message = text(data) as string;
      this.delivered.push(message);
      this.onDelivery(message);
      return true;
    },
  };
  #ended: UsmpError | null = null;

  constructor({ maxMessages = 4, maxBytes = 100 } = {}) {
    this.inbox = new Inbox({
      clock: this.clock,
      maxMessages,
      maxBytes,
      onFirstDrop: () => this.firstDrops++,
    });
    this.inbox.attach(() => {
      const full = !this.inbox.hasRoom;
      if (full !== (this.pressure.at(-1) ?? false)) this.pressure.push(full);
    });
  }

  put(...messages: readonly string[]): void {
    for (const message of messages) this.inbox.put(bytes(message), this.session);
  }

  receive(options?: ReceiveOptions): Promise<Uint8Array> {
    return this.inbox.receive(this.session, this.#ended, options);
  }

  end(reason: UsmpError): void {
    this.#ended = reason;
    this.inbox.end(this.session, reason);
  }

  /** A listener comes, as `on("message")` brings one. */
  listen(): void {
    this.listening = true;
    this.inbox.listen();
  }

  drain(): string[] {
    const rest: string[] = [];
    for (let data = this.inbox.take(); data !== null; data = this.inbox.take()) rest.push(text(data) as string);
    return rest;
  }
}

describe("Inbox", () => {
  describe("delivers each message once:", () => {
    it("to a waiting reader before anybody else", async () => {
      const rig = new Rig();
      rig.listening = true;
      const waiting = rig.receive();
      rig.put("a", "b");
      expect(text(await waiting)).to.equal("a");
      expect(rig.delivered).to.deep.equal(["b"]);
      expect(rig.inbox.length).to.equal(0);
    });

    it("to several waiting readers in the order in which they came", async () => {
      const rig = new Rig();
      const waiting = [rig.receive(), rig.receive()];
      rig.put("a", "b", "c");
      expect((await Promise.all(waiting)).map(text)).to.deep.equal(["a", "b"]);
      expect(rig.drain()).to.deep.equal(["c"]);
    });

    it("to a waiting reader even while it is held", async () => {
      const rig = new Rig();
      rig.inbox.hold();
      const waiting = rig.receive();
      rig.put("a");
      expect(text(await waiting)).to.equal("a");
    });

    it("to listeners where nobody waits", () => {
      const rig = new Rig();
      rig.listening = true;
      rig.put("a", "b");
      expect(rig.delivered).to.deep.equal(["a", "b"]);
      expect(rig.inbox.available()).to.equal(false);
    });

    it("into the queue where there is nobody", () => {
      const rig = new Rig();
      rig.put("a", "b");
      expect(rig.inbox.length).to.equal(2);
      expect(rig.drain()).to.deep.equal(["a", "b"]);
    });

    it("behind what is queued, so that listeners never see a later one first", async () => {
      const rig = new Rig();
      rig.put("a");
      rig.listen();
      rig.put("b");
      expect(rig.delivered).to.deep.equal([]);
      await microtasks();
      rig.put("c");
      expect(rig.delivered).to.deep.equal(["a", "b", "c"]);
    });
  });

  describe("a new listener", () => {
    it("gets what waits, in order, and not within the caller's own call", async () => {
      const rig = new Rig();
      rig.put("a", "b");
      rig.listen();
      expect(rig.delivered).to.deep.equal([]);
      await microtasks();
      expect(rig.delivered).to.deep.equal(["a", "b"]);
    });

    it("that goes away at once leaves the queue as it was", async () => {
      const rig = new Rig();
      rig.put("a", "b");
      rig.listen();
      rig.listening = false;
      await microtasks();
      expect(rig.drain()).to.deep.equal(["a", "b"]);
    });

    it("for one message leaves the others", async () => {
      const rig = new Rig();
      rig.put("a", "b", "c");
      rig.onDelivery = () => (rig.listening = false);
      rig.listen();
      await microtasks();
      expect(rig.delivered).to.deep.equal(["a"]);
      expect(rig.drain()).to.deep.equal(["b", "c"]);
    });
  });

  describe("while it delivers what was queued", () => {
    it("a listener that reads gets the next message, never the one that it is given", async () => {
      const rig = new Rig();
      const read: (string | null)[] = [];
      rig.put("a", "b", "c");
      rig.onDelivery = () => read.push(text(rig.inbox.take()));
      rig.listen();
      await microtasks();
      expect([rig.delivered, read]).to.deep.equal([
        ["a", "c"],
        ["b", null],
      ]);
    });

    it("a listener that asks what is available is not told of its own message", async () => {
      const rig = new Rig();
      const available: boolean[] = [];
      rig.put("a", "b");
      rig.onDelivery = () => available.push(rig.inbox.available());
      rig.listen();
      await microtasks();
      expect(available).to.deep.equal([true, false]);
    });

    it("a listener that holds and releases gets each message once, one after the other", async () => {
      const rig = new Rig({ maxMessages: 2_000, maxBytes: 1_000_000 });
      const messages = Array.from({ length: 1_500 }, (_, index) => `${index}`);
      let depth = 0;
      let deepest = 0;
      rig.put(...messages);
      rig.onDelivery = () => {
        deepest = Math.max(deepest, ++depth);
        rig.inbox.hold();
        rig.inbox.release();
        depth--;
      };
      rig.listen();
      await microtasks();
      expect(rig.delivered).to.deep.equal(messages);
      expect(deepest).to.equal(1);
    });

    it("a listener that holds stops it, and release goes on", async () => {
      const rig = new Rig();
      rig.put("a", "b", "c");
      rig.onDelivery = () => rig.inbox.hold();
      rig.listen();
      await microtasks();
      expect(rig.delivered).to.deep.equal(["a"]);
      rig.onDelivery = () => {};
      rig.inbox.release();
      expect(rig.delivered).to.deep.equal(["a", "b", "c"]);
    });

    it("a listener that begins to wait gets the next message through its wait", async () => {
      const rig = new Rig();
      const waited: (string | null)[] = [];
      rig.put("a", "b", "c");
      rig.onDelivery = (message) => {
        if (message === "a") void rig.receive().then((data) => waited.push(text(data)));
      };
      rig.listen();
      await microtasks();
      expect([rig.delivered, waited]).to.deep.equal([["a", "c"], ["b"]]);
    });
  });

  describe("hold", () => {
    it("keeps messages from listeners until release", () => {
      const rig = new Rig();
      rig.listening = true;
      rig.inbox.hold();
      rig.put("a", "b");
      expect(rig.delivered).to.deep.equal([]);
      rig.inbox.release();
      expect(rig.delivered).to.deep.equal(["a", "b"]);
    });

    it("counts as interest: nothing is dropped", () => {
      const rig = new Rig({ maxMessages: 2 });
      rig.inbox.hold();
      rig.put("a", "b", "c");
      expect(rig.inbox.dropped).to.equal(0);
      expect(rig.pressure).to.deep.equal([true]);
    });
  });

  describe("take", () => {
    it("gives null where nothing waits", () => {
      expect(new Rig().inbox.take()).to.equal(null);
    });

    it("gives an empty message as an empty message", () => {
      const rig = new Rig();
      rig.put("");
      expect(rig.inbox.available()).to.equal(true);
      expect(rig.inbox.take()).to.have.lengthOf(0);
      expect(rig.inbox.available()).to.equal(false);
    });

    it("copies into a given array, cut where it is too long, and says how much", () => {
      const rig = new Rig();
      rig.put("abc", "de");
      const into = new Uint8Array(2);
      expect(rig.inbox.takeInto(into)).to.equal(2);
      expect(text(into)).to.equal("ab");
      const roomy = new Uint8Array(5);
      expect(rig.inbox.takeInto(roomy)).to.equal(2);
      expect([...roomy]).to.deep.equal([0x64, 0x65, 0, 0, 0]);
      expect(rig.inbox.takeInto(into)).to.equal(0);
    });

    it("gives text, and an empty text where nothing waits", () => {
      const rig = new Rig();
      rig.put("grüße");
      expect([rig.inbox.takeString(), rig.inbox.takeString()]).to.deep.equal(["grüße", ""]);
    });
  });

  describe("with messages of two sessions", () => {
    const other: Receiver = { deliver: () => false };

    it("gives each session its own, and whoever asks for none in particular the oldest", () => {
      const { inbox, session } = new Rig();
      for (const [data, of] of [
        ["a", session],
        ["b", other],
        ["c", session],
      ] as const)
        inbox.put(bytes(data), of);
      expect([inbox.first === session, inbox.count(session), inbox.count(other)]).to.deep.equal([true, 2, 1]);
      expect([inbox.takeString(other), inbox.available(other)]).to.deep.equal(["b", false]);
      expect([inbox.takeString(), inbox.takeString(session), inbox.first]).to.deep.equal(["a", "c", null]);
    });

    it("gives a waiting reader the next one of its session, and rejects the readers of a session that ends", async () => {
      const { inbox, session } = new Rig();
      const mine = inbox.receive(session, null);
      const others = inbox.receive(other, null);
      inbox.put(bytes("for the other"), other);
      inbox.end(session, new UsmpError("BYE", "over"));
      expect(text(await others)).to.equal("for the other");
      await rejectionOf(mine, "BYE");
    });

    it("delivers them in order, and flush(session) only that session's, even while muted", () => {
      const rig = new Rig();
      const { inbox, session } = rig;
      for (const [data, of] of [
        ["a", session],
        ["b", other],
        ["c", session],
      ] as const)
        inbox.put(bytes(data), of);
      rig.listening = true;
      inbox.mute();
      inbox.flush();
      expect(rig.delivered).to.deep.equal([]);
      inbox.flush(session);
      expect([rig.delivered, inbox.first === other]).to.deep.equal([["a"], true]);
      inbox.unmute();
      inbox.put(bytes("d"), session);
      expect(inbox.length).to.equal(3);
    });
  });

  describe("pressure", () => {
    it("begins at as many messages as are allowed, and ends at half of them", () => {
      const rig = new Rig({ maxMessages: 4 });
      rig.inbox.interest();
      rig.put("a", "b", "c");
      expect(rig.pressure).to.deep.equal([]);
      rig.put("d");
      expect([rig.pressure, !rig.inbox.hasRoom]).to.deep.equal([[true], true]);
      rig.inbox.take();
      expect(rig.pressure).to.deep.equal([true]);
      rig.inbox.take();
      expect([rig.pressure, !rig.inbox.hasRoom]).to.deep.equal([[true, false], false]);
    });

    it("begins at as many bytes as are allowed, and ends at half of them", () => {
      const rig = new Rig({ maxMessages: 100, maxBytes: 10 });
      rig.inbox.interest();
      rig.put("12345", "6789");
      expect(rig.pressure).to.deep.equal([]);
      rig.put("0");
      expect(rig.pressure).to.deep.equal([true]);
      rig.inbox.take();
      expect(rig.pressure).to.deep.equal([true, false]);
    });

    it("waits for both, messages and bytes, to be at half", () => {
      const rig = new Rig({ maxMessages: 4, maxBytes: 10 });
      rig.inbox.interest();
      rig.put("1", "2", "3", "4567890");
      expect(rig.pressure).to.deep.equal([true]);
      for (let takes = 0; takes < 3; takes++) rig.inbox.take();
      expect(rig.pressure, "7 of 10 bytes wait").to.deep.equal([true]);
      rig.inbox.take();
      expect(rig.pressure).to.deep.equal([true, false]);
    });

    it("works with room for one message", () => {
      const rig = new Rig({ maxMessages: 1 });
      rig.inbox.interest();
      rig.put("a");
      rig.inbox.take();
      rig.put("b");
      expect(rig.pressure).to.deep.equal([true, false, true]);
    });

    it("begins with the first interest where the queue is full by then", () => {
      const rig = new Rig({ maxMessages: 2 });
      rig.put("a", "b");
      expect(rig.pressure).to.deep.equal([]);
      rig.inbox.available();
      expect(rig.pressure).to.deep.equal([true]);
    });

    it("ends when a new listener empties the queue", async () => {
      const rig = new Rig({ maxMessages: 2 });
      rig.inbox.interest();
      rig.put("a", "b");
      rig.listen();
      await microtasks();
      expect(rig.pressure).to.deep.equal([true, false]);
    });
  });

  describe("before anybody has shown interest", () => {
    it("drops the oldest, counts, and tells once", () => {
      const rig = new Rig({ maxMessages: 2 });
      rig.put("a", "b", "c", "d", "e");
      expect([rig.inbox.dropped, rig.firstDrops]).to.deep.equal([3, 1]);
      expect(rig.drain()).to.deep.equal(["d", "e"]);
      expect(rig.pressure).to.deep.equal([true, false]);
    });

    it("drops by bytes, too", () => {
      const rig = new Rig({ maxMessages: 100, maxBytes: 10 });
      rig.put("1234", "5678", "90ab");
      expect(rig.inbox.dropped).to.equal(1);
      expect(rig.drain()).to.deep.equal(["5678", "90ab"]);
    });

    it("drops even the newest where it alone is too large", () => {
      const rig = new Rig({ maxBytes: 3 });
      rig.put("ab", "cdef", "g");
      expect(rig.inbox.dropped).to.equal(2);
      expect(rig.drain()).to.deep.equal(["g"]);
    });

    for (const [what, show] of [
      ["available", ({ inbox }: Rig) => inbox.available()],
      ["take", ({ inbox }: Rig) => inbox.take()],
      ["takeInto", ({ inbox }: Rig) => inbox.takeInto(new Uint8Array(1))],
      ["takeString", ({ inbox }: Rig) => inbox.takeString()],
      ["listen", ({ inbox }: Rig) => inbox.listen()],
      ["hold", ({ inbox }: Rig) => inbox.hold()],
      ["receive", ({ inbox, session }: Rig) => void inbox.receive(session, null, { timeoutMs: 1 }).catch(() => {})],
    ] as const) {
      it(`${what} is interest: nothing is dropped any more`, async () => {
        const rig = new Rig({ maxMessages: 2 });
        show(rig);
        await rig.clock.advance(1);
        rig.put("a", "b", "c", "d");
        expect([rig.inbox.dropped, rig.inbox.length]).to.deep.equal([0, 4]);
        expect(rig.pressure).to.deep.equal([true]);
      });
    }
  });

  describe("receive", () => {
    it("gives what is queued first", async () => {
      const rig = new Rig();
      rig.put("a", "b");
      expect(text(await rig.receive())).to.equal("a");
    });

    it("rejects with TIMEOUT at its time, not before, and loses no message", async () => {
      const rig = new Rig();
      const waiting = rig.receive({ timeoutMs: 50 });
      await rig.clock.advance(49);
      expect(await isPending(waiting)).to.equal(true);
      const rejected = rejectionOf(waiting, "TIMEOUT");
      await rig.clock.advance(1);
      expect((await rejected).message).to.include("50 ms");
      rig.put("a");
      expect(rig.drain()).to.deep.equal(["a"]);
      expect(rig.clock.pending).to.equal(0);
    });

    it("gives up in its own place: the others still get theirs in order", async () => {
      const rig = new Rig();
      const first = rig.receive();
      const second = rejectionOf(rig.receive({ timeoutMs: 1 }), "TIMEOUT");
      const third = rig.receive();
      await rig.clock.advance(1);
      await second;
      rig.put("a", "b");
      expect([text(await first), text(await third)]).to.deep.equal(["a", "b"]);
    });

    it("rejects with CLOSED when aborted, the reason as cause, and loses no message", async () => {
      const rig = new Rig();
      const controller = new AbortController();
      const rejected = rejectionOf(rig.receive({ signal: controller.signal, timeoutMs: 99 }), "CLOSED");
      const reason = new Error("enough");
      controller.abort(reason);
      expect((await rejected).cause).to.equal(reason);
      rig.put("a");
      expect(rig.drain()).to.deep.equal(["a"]);
      expect([rig.clock.pending, getEventListeners(controller.signal, "abort").length]).to.deep.equal([0, 0]);
    });

    it("rejects with CLOSED where the signal is aborted already, even if a message waits", async () => {
      const rig = new Rig();
      rig.put("a");
      await rejectionOf(rig.receive({ signal: AbortSignal.abort() }), "CLOSED");
      expect(rig.inbox.length).to.equal(1);
    });

    it("leaves no timer and no abort listener once it has its message", async () => {
      const rig = new Rig();
      const { signal } = new AbortController();
      const waiting = rig.receive({ signal, timeoutMs: 99 });
      rig.put("a");
      await waiting;
      expect([rig.clock.pending, getEventListeners(signal, "abort").length]).to.deep.equal([0, 0]);
    });
  });

  describe("the end", () => {
    const reason = new UsmpError("BYE", "over");

    it("rejects all who wait, with its reason, and leaves nothing", async () => {
      const rig = new Rig();
      const { signal } = new AbortController();
      const waiting = [rig.receive(), rig.receive({ signal, timeoutMs: 99 })];
      const rejected = Promise.all(waiting.map((wait) => rejectionOf(wait, "BYE")));
      rig.end(reason);
      expect(await rejected).to.deep.equal([reason, reason]);
      expect([rig.clock.pending, getEventListeners(signal, "abort").length]).to.deep.equal([0, 0]);
    });

    it("leaves what is queued to be received, and then rejects", async () => {
      const rig = new Rig();
      rig.put("a", "b");
      rig.end(reason);
      expect(text(await rig.receive())).to.equal("a");
      expect(text(rig.inbox.take())).to.equal("b");
      expect(await rejectionOf(rig.receive(), "BYE")).to.equal(reason);
      expect(rig.inbox.take()).to.equal(null);
    });

    it("leaves what is queued to a listener that comes later", async () => {
      const rig = new Rig();
      rig.put("a");
      rig.end(reason);
      rig.listen();
      await microtasks();
      expect(rig.delivered).to.deep.equal(["a"]);
    });
  });
});

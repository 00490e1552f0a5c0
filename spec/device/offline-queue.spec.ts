import { expect } from "chai";
import {
  DEFAULT_OFFLINE_QUEUE,
  OfflineQueue,
  parseOfflineQueue,
  type OfflineQueueOptions,
} from "../../lib/device/offline-queue.js";
import { UsmpError } from "../../lib/errors.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { utf8 } from "../support/core-bytes.js";
import { expectCode } from "../support/core-errors.js";

class Subject {
  readonly clock = new VirtualClock();
  readonly queue: OfflineQueue;
  /** What became of each message. */
  readonly told: string[] = [];

  constructor(options: Partial<OfflineQueueOptions> = {}) {
    this.queue = new OfflineQueue({ ...DEFAULT_OFFLINE_QUEUE, ...options }, this.clock);
  }

  hold(...names: string[]): void {
    for (const name of names) {
      this.queue.hold(utf8(name), {
        sent: () => this.told.push(`${name} sent`),
        dropped: ({ code }) => this.told.push(`${name} ${code}`),
      });
    }
  }

  /** Sends until `refused`, and says what went. */
  flush(refused?: string): string[] {
    const sent: string[] = [];
    this.queue.flush((message) => {
      const name = new TextDecoder().decode(message);
      if (name !== refused) sent.push(name);
      return name !== refused;
    });
    return sent;
  }
}

describe("OfflineQueue", () => {
  it("gives back what it holds in order, once, and settles each", () => {
    const subject = new Subject();
    subject.hold("a", "b");
    expect([subject.queue.length, subject.queue.bytes]).to.deep.equal([2, 2]);
    expect(subject.flush()).to.deep.equal(["a", "b"]);
    expect(subject.flush()).to.deep.equal([]);
    expect(subject.told).to.deep.equal(["a sent", "b sent"]);
    expect([subject.queue.length, subject.queue.bytes, subject.clock.pending]).to.deep.equal([0, 0, 0]);
  });

  it("keeps the one that is refused, and those behind it", () => {
    const subject = new Subject();
    subject.hold("a", "b", "c");
    expect(subject.flush("b")).to.deep.equal(["a"]);
    expect(subject.flush()).to.deep.equal(["b", "c"]);
  });

  it("holds a copy", () => {
    const subject = new Subject();
    const message = utf8("a");
    subject.queue.hold(message, { sent: () => {}, dropped: () => {} });
    message.fill(0);
    expect(subject.flush()).to.deep.equal(["a"]);
  });

  for (const bound of [{ maxMessages: 2 }, { maxBytes: 2 }]) {
    const name = Object.keys(bound)[0]!;
    it(`drops the oldest at ${name}`, () => {
      const subject = new Subject({ ...bound, overflow: "drop-oldest" });
      subject.hold("a", "b", "c");
      expect(subject.told).to.deep.equal(["a BUFFER_FULL"]);
      expect(subject.flush()).to.deep.equal(["b", "c"]);
    });

    it(`drops the newest at ${name}`, () => {
      const subject = new Subject({ ...bound, overflow: "drop-newest" });
      subject.hold("a", "b", "c");
      expect(subject.told).to.deep.equal(["c BUFFER_FULL"]);
      expect(subject.flush()).to.deep.equal(["a", "b"]);
    });

    it(`refuses with BUFFER_FULL at ${name}, and settles nothing`, () => {
      const subject = new Subject({ ...bound, overflow: "reject" });
      subject.hold("a", "b");
      expectCode(() => subject.hold("c"), "BUFFER_FULL");
      expect(subject.told).to.deep.equal([]);
      expect(subject.flush()).to.deep.equal(["a", "b"]);
    });
  }

  it("drops a message that is larger than all its room, also where the oldest go first", () => {
    const subject = new Subject({ maxBytes: 2 });
    subject.hold("a", "long");
    expect(subject.told).to.deep.equal(["a BUFFER_FULL", "long BUFFER_FULL"]);
  });

  it("gives each up when its time is over, with TIMEOUT", async () => {
    const subject = new Subject({ ttlMs: 1_000 });
    subject.hold("a");
    await subject.clock.advance(600);
    subject.hold("b");
    await subject.clock.advance(399);
    expect(subject.told).to.deep.equal([]);
    await subject.clock.advance(1);
    expect(subject.told).to.deep.equal(["a TIMEOUT"]);
    await subject.clock.advance(600);
    expect(subject.told).to.deep.equal(["a TIMEOUT", "b TIMEOUT"]);
    expect(subject.clock.pending).to.equal(0);
  });

  it("waits for ever with a ttlMs of Infinity, without a timer", () => {
    const subject = new Subject({ ttlMs: Infinity });
    subject.hold("a");
    expect(subject.clock.pending).to.equal(0);
  });

  it("gives everything up with a reason, and leaves no timer", () => {
    const subject = new Subject();
    subject.hold("a", "b");
    subject.queue.unref();
    subject.queue.clear(new UsmpError("CLOSED", "closed"));
    expect(subject.told).to.deep.equal(["a CLOSED", "b CLOSED"]);
    expect(subject.clock.pending).to.equal(0);
  });

  it("takes the user's option, and refuses a bad one with INVALID_ARG and its name", () => {
    expect(parseOfflineQueue(undefined)).to.equal(null);
    expect(parseOfflineQueue({})).to.deep.equal(DEFAULT_OFFLINE_QUEUE);
    expect(parseOfflineQueue({ ttlMs: 5 })).to.deep.equal({ ...DEFAULT_OFFLINE_QUEUE, ttlMs: 5 });
    for (const [name, bad] of [
      ["maxMessages", 0],
      ["maxBytes", 0],
      ["ttlMs", 0],
      ["overflow", "drop"],
      ["size", 5],
    ] as const) {
      expect(expectCode(() => parseOfflineQueue({ [name]: bad }), "INVALID_ARG").message).to.include(name);
    }
  });
});

import assert from "node:assert/strict";
import { SeededRandom } from "../../transport/random.js";
import type { Acceptor, Dialer, Link, Listener } from "../../transport/transport.js";
import { CaseList, untilStill, within, type ConformanceCase } from "./cases.js";
import { flush, LinkRecorder, rejection } from "./link-recorder.js";

/** What the cases need of a stream transport under test. */
export interface StreamTransportRig {
  /** An acceptor that does not listen yet, at a place that nothing else uses. */
  acceptor(): Acceptor;
  /** An acceptor for the same place where `listener` listens or listened. */
  acceptorAt(listener: Listener): Acceptor;
  dialer(listener: Listener): Dialer;
  /** Waits for `promise`, moving time if it is simulated; rejects if that takes too long. Default: at most 30 s. */
  settled?<T>(promise: Promise<T>): Promise<T>;
  /**
   * Waits until `value` stops changing because everything has come to rest. Default: for 50 turns of the event loop.
   */
  still?(value: () => number): Promise<void>;
}

interface Pair {
  readonly listener: Listener;
  /** Not attached yet. */
  readonly dialed: Link;
  readonly accepted: LinkRecorder;
}

/**
 * The behaviour that every dialer, acceptor and link of a stream transport has, case by case:
 *
 *     for (const { name, run } of streamTransportCases(() => rig)) it(name, run);
 *
 * `open` is called for each case.
 */
export function streamTransportCases(open: () => StreamTransportRig): readonly ConformanceCase[] {
  const links: Link[] = [];
  const listeners: Listener[] = [];
  let rig: Required<StreamTransportRig>;
  const { cases, describe, it } = new CaseList(async (body) => {
    const given = open();
    rig = {
      acceptor: () => given.acceptor(),
      acceptorAt: (listener) => given.acceptorAt(listener),
      dialer: (listener) => given.dialer(listener),
      settled: (promise) => given.settled?.(promise) ?? within(promise),
      still: (value) => given.still?.(value) ?? untilStill(value),
    };
    try {
      await body();
    } finally {
      for (const link of links.splice(0)) link.destroy();
      for (const listener of listeners.splice(0)) await listener.close();
    }
  });

  async function listen(acceptor: Acceptor, onLink: (link: Link) => void = () => {}): Promise<Listener> {
    const listening = acceptor.listen({
      onLink: (link) => {
        links.push(link);
        onLink(link);
      },
      onError: (error) => assert.fail(error.message),
    });
    const listener = await rig.settled(listening);
    listeners.push(listener);
    return listener;
  }

  async function pair(): Promise<Pair> {
    let tell: (accepted: LinkRecorder) => void;
    const accepting = new Promise<LinkRecorder>((resolve) => (tell = resolve));
    const listener = await listen(rig.acceptor(), (link) => tell(new LinkRecorder(link)));
    const dialing = rig.dialer(listener).dial();
    const [dialed, accepted] = await rig.settled(Promise.all([dialing, accepting]));
    links.push(dialed);
    return { listener, dialed, accepted };
  }

  async function attachedPair(): Promise<{ dialed: LinkRecorder; accepted: LinkRecorder; listener: Listener }> {
    const { dialed, ...rest } = await pair();
    return { dialed: new LinkRecorder(dialed), ...rest };
  }

  describe("bytes", () => {
    it("arrive both ways in order, whatever the sizes sent", async () => {
      const { dialed, accepted } = await attachedPair();
      const random = new SeededRandom(20_250_101);
      const pieces = Array.from({ length: 200 }, () => noise(random, random.below(3_000)));
      const whole = new Uint8Array(Buffer.concat(pieces));
      for (const piece of pieces) dialed.link.send(piece.slice(), () => {});
      for (const piece of pieces) accepted.link.send(piece.slice(), () => {});
      await rig.settled(Promise.all([accepted.received(whole.length), dialed.received(whole.length)]));
      assert.equal(Buffer.compare(accepted.bytes, whole), 0, `seed ${random.seed}`);
      assert.equal(Buffer.compare(dialed.bytes, whole), 0, `seed ${random.seed}`);
    });

    it("are flushed in order and never within send", async () => {
      const { dialed } = await attachedPair();
      const flushed: number[] = [];
      for (const length of [1, 0, 7, 4_096]) dialed.link.send(new Uint8Array(length), () => flushed.push(length));
      assert.deepEqual(flushed, []);
      await rig.settled(flush(dialed.link, new Uint8Array(1)));
      assert.deepEqual(flushed, [1, 0, 7, 4_096]);
    });

    it("pass 10 MB with little unflushed at a time", async () => {
      const { dialed, accepted } = await attachedPair();
      const total = 10 * 2 ** 20;
      const wrong = checkPattern(accepted);
      await rig.settled(sendPattern(dialed.link, total));
      await rig.settled(accepted.received(total));
      assert.equal(wrong(), undefined);
      assert.equal(accepted.byteCount, total);
    });

    it("stall the sender's flush while the receiver is paused, and all arrive once it resumes", async () => {
      const { dialed, accepted } = await attachedPair();
      const total = 24 * 2 ** 20;
      const wrong = checkPattern(accepted);
      let flushed = 0;
      accepted.link.pause();
      const sending = sendPattern(dialed.link, total, (count) => (flushed = count));
      await rig.still(() => flushed);
      assert.equal(accepted.byteCount, 0);
      assert.ok(flushed < total);
      accepted.link.resume();
      await rig.settled(Promise.all([sending, accepted.received(total)]));
      assert.equal(wrong(), undefined);
    });

    it("stop within the chunk in which the receiver pauses", async () => {
      const { dialed, accepted } = await attachedPair();
      accepted.onChunk = () => accepted.link.pause();
      dialed.link.send(new Uint8Array(200_000), () => {});
      await rig.settled(accepted.received(1));
      await rig.still(() => accepted.byteCount);
      assert.equal(accepted.chunkLengths.length, 1);
    });

    it("wait for attach", async () => {
      const { dialed, accepted } = await pair();
      await rig.settled(flush(accepted.link, Uint8Array.of(1, 2, 3)));
      accepted.link.end();
      await rig.still(() => accepted.events.length);
      const late = new LinkRecorder(dialed);
      assert.deepEqual(late.events, []);
      await rig.settled(late.ended());
      assert.deepEqual([...late.bytes], [1, 2, 3]);
    });

    it("wait for resume where the link was paused before it was attached", async () => {
      const { dialed, accepted } = await pair();
      dialed.pause();
      const late = new LinkRecorder(dialed);
      await rig.settled(flush(accepted.link, Uint8Array.of(9)));
      await rig.still(() => late.byteCount);
      assert.equal(late.byteCount, 0);
      dialed.resume();
      await rig.settled(late.received(1));
    });
  });

  describe("end", () => {
    for (const [from, to] of [
      ["dialed", "accepted"],
      ["accepted", "dialed"],
    ] as const) {
      it(`of the ${from} side leaves the other direction open`, async () => {
        const ends = await attachedPair();
        ends[from].link.send(Uint8Array.of(1), () => {});
        ends[from].link.end();
        await rig.settled(ends[to].ended());
        assert.deepEqual(ends[to].events, ["bytes", "end"]);
        await rig.settled(flush(ends[to].link, Uint8Array.of(2, 3)));
        await rig.settled(ends[from].received(2));
        ends[to].link.end();
        await rig.settled(Promise.all([ends[from].closed(), ends[to].closed()]));
        assert.deepEqual(ends[from].events, ["bytes", "end", "close"]);
        assert.deepEqual(ends[to].events, ["bytes", "end", "close"]);
        assert.deepEqual([ends[from].closeError, ends[to].closeError], [undefined, undefined]);
      });
    }

    it("comes after all that was queued", async () => {
      const { dialed, accepted } = await attachedPair();
      dialed.link.send(new Uint8Array(3_000_000), () => {});
      dialed.link.end();
      dialed.link.end();
      await rig.settled(accepted.ended());
      assert.equal(accepted.byteCount, 3_000_000);
    });

    it("waits behind bytes that are held back by pause", async () => {
      const { dialed, accepted } = await attachedPair();
      accepted.link.pause();
      dialed.link.send(new Uint8Array(100_000), () => {});
      dialed.link.end();
      await rig.still(() => accepted.events.length);
      assert.deepEqual(accepted.events, []);
      accepted.link.resume();
      await rig.settled(accepted.ended());
      assert.equal(accepted.byteCount, 100_000);
    });

    it("makes later sends do nothing", async () => {
      const { dialed, accepted } = await attachedPair();
      let flushed = false;
      dialed.link.end();
      dialed.link.send(Uint8Array.of(1), () => (flushed = true));
      await rig.settled(accepted.ended());
      await rig.still(() => accepted.byteCount);
      assert.deepEqual([accepted.byteCount, flushed], [0, false]);
    });
  });

  describe("destroy", () => {
    it("closes once, without error and not within the call, and the peer sees an end", async () => {
      const { dialed, accepted } = await attachedPair();
      dialed.link.destroy();
      dialed.link.destroy();
      dialed.link.end();
      assert.deepEqual(dialed.events, []);
      await rig.settled(Promise.all([dialed.closed(), accepted.ended()]));
      dialed.link.destroy();
      accepted.link.end();
      await rig.settled(accepted.closed());
      await rig.still(() => dialed.events.length);
      assert.deepEqual(dialed.events, ["close"]);
      assert.deepEqual([dialed.closeError, accepted.closeError], [undefined, undefined]);
    });

    it("within onBytes is the end of all deliveries", async () => {
      const { dialed, accepted } = await attachedPair();
      accepted.onChunk = () => accepted.link.destroy();
      dialed.link.send(new Uint8Array(200_000), () => {});
      dialed.link.end();
      await rig.settled(accepted.closed());
      await rig.still(() => accepted.byteCount);
      assert.equal(accepted.chunkLengths.length, 1);
      assert.deepEqual(accepted.events, ["bytes", "close"]);
    });

    it("within onBytes drops what had been held back by pause", async () => {
      const { dialed, accepted } = await attachedPair();
      accepted.link.pause();
      // Each arrives as a chunk of its own, so that several chunks are held back.
      for (let sends = 0; sends < 5; sends++) {
        await rig.settled(flush(dialed.link, new Uint8Array(1_000)));
        await rig.still(() => accepted.byteCount);
      }
      dialed.link.end();
      accepted.onChunk = () => accepted.link.destroy();
      accepted.link.resume();
      await rig.settled(accepted.closed());
      assert.equal(accepted.chunkLengths.length, 1);
      assert.deepEqual(accepted.events, ["bytes", "close"]);
    });

    it("within onFlushed leaves the next sends unflushed", async () => {
      const { dialed } = await attachedPair();
      const flushed: number[] = [];
      dialed.link.send(new Uint8Array(10), () => {
        flushed.push(1);
        dialed.link.destroy();
      });
      dialed.link.send(new Uint8Array(10), () => flushed.push(2));
      await rig.settled(dialed.closed());
      await rig.still(() => flushed.length);
      assert.deepEqual(flushed, [1]);
    });

    it("leaves queued sends unflushed and makes later ones do nothing", async () => {
      const { dialed } = await attachedPair();
      let flushed = 0;
      dialed.link.send(new Uint8Array(10), () => flushed++);
      dialed.link.destroy();
      dialed.link.send(new Uint8Array(10), () => flushed++);
      await rig.settled(dialed.closed());
      await rig.still(() => flushed);
      assert.equal(flushed, 0);
    });

    it("ends the link of a peer that keeps sending with TRANSPORT, once", async () => {
      const { dialed, accepted } = await attachedPair();
      dialed.link.destroy();
      const sendOn = (): void => accepted.link.send(new Uint8Array(1_000), sendOn);
      sendOn();
      await rig.settled(accepted.closed());
      await rig.still(() => accepted.events.length);
      const { code, cause } = accepted.closeError ?? {};
      assert.equal(code, "TRANSPORT");
      assert.ok(["ECONNRESET", "EPIPE"].includes((cause as { code?: string }).code ?? ""));
      assert.equal(accepted.events.filter((event) => event === "close").length, 1);
      assert.equal(accepted.events.at(-1), "close");
    });

    it("before attach is reported once attached", async () => {
      const { dialed } = await pair();
      dialed.destroy();
      await rig.still(() => 0);
      const late = new LinkRecorder(dialed);
      assert.deepEqual(late.events, []);
      await rig.settled(late.closed());
      assert.deepEqual(late.events, ["close"]);
    });
  });

  describe("dialing and listening", () => {
    it("name the peer on both sides", async () => {
      const { dialed, accepted, listener } = await pair();
      assert.equal(dialed.remoteAddress, listener.address);
      assert.equal(dialed.remotePort, listener.port);
      assert.ok(typeof accepted.link.remoteAddress === "string" && accepted.link.remoteAddress !== "");
      assert.ok(accepted.link.remotePort > 0);
    });

    it("reject with TRANSPORT where nobody listens", async () => {
      const listener = await listen(rig.acceptor());
      await rig.settled(listener.close());
      const error = await rig.settled(rejection(rig.dialer(listener).dial()));
      assert.equal(error.code, "TRANSPORT");
      assert.equal((error.cause as { code?: string }).code, "ECONNREFUSED");
      assert.ok(error.message.includes("nothing listens"));
    });

    it("reject with CLOSED, the reason as cause, where the signal is aborted before", async () => {
      const listener = await listen(rig.acceptor(), () => assert.fail("a link was opened"));
      const reason = new Error("not now");
      const error = await rig.settled(rejection(rig.dialer(listener).dial({ signal: AbortSignal.abort(reason) })));
      assert.deepEqual([error.code, error.cause], ["CLOSED", reason]);
    });

    it("reject with TRANSPORT where somebody listens already", async () => {
      const listener = await listen(rig.acceptor());
      const error = await rejection(listen(rig.acceptorAt(listener)));
      assert.equal(error.code, "TRANSPORT");
      assert.equal((error.cause as { code?: string }).code, "EADDRINUSE");
    });

    it("allow the same place again right after close, while a link lives on", async () => {
      const { dialed, accepted, listener } = await attachedPair();
      await rig.settled(listener.close());
      await rig.settled(listener.close());
      let accepts = 0;
      const again = await listen(rig.acceptorAt(listener), (link) => {
        accepts += 1;
        new LinkRecorder(link);
      });
      assert.equal(again.port, listener.port);
      // Closing the old one once more does not touch the new one.
      await rig.settled(listener.close());
      const second = await rig.settled(rig.dialer(again).dial());
      links.push(second);
      await rig.settled(flush(dialed.link, Uint8Array.of(5)));
      await rig.settled(accepted.received(1));
      await rig.still(() => accepts);
      assert.equal(accepts, 1);
    });
  });
  return cases;
}

function noise(random: SeededRandom, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

/** A pattern whose period is prime, so that a lost, doubled or swapped piece of any usual size shows. */
const PERIOD = 251;
const PATTERN = Uint8Array.from({ length: 2 ** 16 + PERIOD }, (_, index) => index % PERIOD);

/** Sends `total` bytes of the pattern, each piece once the previous one was flushed. */
async function sendPattern(link: Link, total: number, onFlushed: (count: number) => void = () => {}): Promise<void> {
  for (let sent = 0; sent < total;) {
    const length = Math.min(2 ** 16, total - sent);
    await flush(link, PATTERN.slice(sent % PERIOD, (sent % PERIOD) + length));
    sent += length;
    onFlushed(sent);
  }
}

/** Compares the received bytes with the pattern. Returns a function: the offset of the first wrong piece, if any. */
function checkPattern(recorder: LinkRecorder): () => number | undefined {
  let at = 0;
  let wrong: number | undefined;
  recorder.onChunk = (chunk) => {
    for (let from = 0; from < chunk.length; from += 2 ** 16) {
      const part = chunk.subarray(from, from + 2 ** 16);
      if (Buffer.compare(part, PATTERN.subarray(at % PERIOD, (at % PERIOD) + part.length)) !== 0) wrong ??= at;
      at += part.length;
    }
  };
  return () => wrong;
}

import { getEventListeners } from "node:events";

import { expect } from "chai";

import { isUsmpError } from "../../../lib/errors.js";
import { VirtualClock } from "../../../lib/testing/virtual-clock.js";
import { MemoryNetwork, type BothWays, type StreamConditions } from "../../../lib/testing/network/memory.js";
import { systemClock } from "../../../lib/transport/system-clock.js";
import type { Link } from "../../../lib/transport/transport.js";
import { streamTransportCases, type StreamTransportRig } from "../../../lib/testing/conformance/stream-cases.js";
import { flush, LinkRecorder, rejection, within } from "../../support/transport-recorder.js";

const SEED = 4_711;
const IGNORE = { onLink: (link: Link) => void new LinkRecorder(link), onError: () => {} };

function open(conditions: BothWays<StreamConditions> = {}): { clock: VirtualClock; network: MemoryNetwork } {
  const clock = new VirtualClock();
  return { clock, network: new MemoryNetwork({ clock, seed: SEED, conditions }) };
}

function openPair(conditions: BothWays<StreamConditions> = {}) {
  const { clock, network } = open(conditions);
  const cable = network.linkPair("device", "gateway");
  return { clock, network, cable, dialed: new LinkRecorder(cable.dialed), accepted: new LinkRecorder(cable.accepted) };
}

function conformanceRig(conditions: BothWays<StreamConditions>): StreamTransportRig {
  const { clock, network } = open(conditions);
  return {
    acceptor: () => network.acceptor("gateway"),
    acceptorAt: (listener) => network.acceptor(listener.address),
    dialer: (listener) => network.dialer(listener.address, { connectTimeoutMs: 600_000 }),
    settled: (promise) => advanceUntil(clock, promise),
    still: () => clock.advance(60_000),
  };
}

async function advanceUntil<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  const state = { settled: false };
  const onSettled = (): void => void (state.settled = true);
  promise.then(onSettled, onSettled);
  for (let minutes = 0; !state.settled && minutes < 60; minutes++) await clock.advance(60_000);
  if (!state.settled) throw new Error("nothing came within an hour of simulated time");
  return promise;
}

describe("MemoryNetwork", () => {
  describe("as every transport, at once and uncut", () => {
    for (const { name, run } of streamTransportCases(() => conformanceRig({}))) it(name, run);
  });

  describe("as every transport, slow, uneven and cut at random", () => {
    const conditions = { latencyMs: 20, jitterMs: 30, split: true };
    const open = (): StreamTransportRig => conformanceRig({ toAcceptor: conditions, toDialer: conditions });
    for (const { name, run } of streamTransportCases(open)) it(name, run);
  });

  describe("a stream", () => {
    it("takes the latency of its direction", async () => {
      const { clock, dialed, accepted } = openPair({ toAcceptor: { latencyMs: 30 }, toDialer: { latencyMs: 70 } });
      dialed.link.send(Uint8Array.of(1), () => {});
      accepted.link.send(Uint8Array.of(2), () => {});
      await clock.advance(29);
      expect([accepted.byteCount, dialed.byteCount]).to.deep.equal([0, 0]);
      await clock.advance(1);
      expect([accepted.byteCount, dialed.byteCount]).to.deep.equal([1, 0]);
      await clock.advance(40);
      expect([accepted.byteCount, dialed.byteCount]).to.deep.equal([1, 1]);
    });

    it("keeps each send as one chunk where it is not split", async () => {
      const { clock, dialed, accepted } = openPair({ toAcceptor: { latencyMs: 5, jitterMs: 50 } });
      for (const length of [10, 20, 30_000]) dialed.link.send(new Uint8Array(length), () => {});
      await clock.advance(100);
      expect(accepted.chunkLengths).to.deep.equal([10, 20, 30_000]);
    });

    it("is cut and joined alike for one seed where it is split", async () => {
      const cuts = async (): Promise<number[]> => {
        const { clock, dialed, accepted } = openPair({ toAcceptor: { split: true } });
        for (let sends = 0; sends < 50; sends++) dialed.link.send(new Uint8Array(20), () => {});
        await clock.advance(0);
        expect(accepted.byteCount).to.equal(1_000);
        return accepted.chunkLengths;
      };
      const lengths = await cuts();
      expect(lengths.some((length) => length < 20)).to.equal(true);
      expect(lengths.some((length) => length > 20)).to.equal(true);
      expect(await cuts()).to.deep.equal(lengths);
    });

    it("overwrites a split chunk once it was delivered", async () => {
      const { clock, dialed, accepted } = openPair({ toAcceptor: { split: true } });
      let kept = new Uint8Array();
      accepted.onChunk = (chunk) => (kept = chunk as Uint8Array<ArrayBuffer>);
      dialed.link.send(Uint8Array.of(7), () => {});
      await clock.advance(0);
      expect([...kept]).to.deep.equal([0xdb]);
      expect([...accepted.bytes]).to.deep.equal([7]);
    });

    it("flushes 64 KiB towards a paused receiver and not a byte more", async () => {
      const { clock, dialed, accepted } = openPair();
      let flushed = 0;
      accepted.link.pause();
      for (let sends = 0; sends < 100; sends++) dialed.link.send(new Uint8Array(1_024), () => flushed++);
      await clock.advance(1_000);
      expect(flushed).to.equal(64);
      accepted.link.resume();
      await clock.advance(1_000);
      expect([flushed, accepted.byteCount]).to.deep.equal([100, 102_400]);
    });

    it("follows conditions that change on the way", async () => {
      const { clock, network, dialed, accepted } = openPair();
      network.conditions = { toAcceptor: { latencyMs: 500 } };
      dialed.link.send(Uint8Array.of(1), () => {});
      await clock.advance(499);
      expect(accepted.byteCount).to.equal(0);
      await clock.advance(1);
      expect(accepted.byteCount).to.equal(1);
    });

    it("is reset by a peer that was destroyed with bytes unread", async () => {
      const { clock, dialed, accepted } = openPair();
      accepted.link.pause();
      dialed.link.send(Uint8Array.of(1), () => {});
      await clock.advance(0);
      accepted.link.destroy();
      await clock.advance(0);
      expect(dialed.closeError?.code).to.equal("TRANSPORT");
      expect(dialed.events).to.deep.equal(["close"]);
    });

    it("lets an end with no byte before it pass a paused reader", async () => {
      const { clock, dialed, accepted } = openPair();
      accepted.link.pause();
      dialed.link.end();
      await clock.advance(0);
      expect(accepted.events).to.deep.equal(["end"]);
    });

    it("keeps its order however uneven the latency is", async () => {
      const { clock, dialed, accepted } = openPair({ toAcceptor: { jitterMs: 50 } });
      for (let number = 0; number < 100; number++) {
        dialed.link.send(Uint8Array.of(number), () => {});
        await clock.advance(1);
      }
      await clock.advance(50);
      expect([...accepted.bytes]).to.deep.equal(Array.from({ length: 100 }, (_, number) => number));
    });

    it("leaves no timer and no cable behind once both ends are closed", async () => {
      const { clock, network, dialed, accepted } = openPair({ toAcceptor: { latencyMs: 10 } });
      dialed.link.send(new Uint8Array(100), () => {});
      dialed.link.end();
      accepted.link.end();
      await clock.advance(100);
      expect([dialed.events, accepted.events]).to.deep.equal([
        ["end", "close"],
        ["bytes", "end", "close"],
      ]);
      expect([clock.pending, network.openCables]).to.deep.equal([0, 0]);
    });

    it("runs on the real clock too", async () => {
      const network = new MemoryNetwork({
        clock: systemClock,
        seed: SEED,
        conditions: { toAcceptor: { latencyMs: 3 } },
      });
      const cable = network.linkPair();
      const accepted = new LinkRecorder(cable.accepted);
      new LinkRecorder(cable.dialed);
      await within(flush(cable.dialed, new Uint8Array(100_000)));
      await within(accepted.received(100_000));
    });
  });

  describe("cut", () => {
    it("closes both ends with TRANSPORT, once and not within the call, and loses what was on its way", async () => {
      const { clock, cable, network, dialed, accepted } = openPair({ toAcceptor: { latencyMs: 10 } });
      let flushed = false;
      dialed.link.send(Uint8Array.of(1), () => (flushed = true));
      cable.cut();
      network.cut();
      expect([dialed.events, accepted.events]).to.deep.equal([[], []]);
      await clock.advance(100);
      expect([dialed.events, accepted.events]).to.deep.equal([["close"], ["close"]]);
      expect([dialed.closeError?.code, accepted.closeError?.code]).to.deep.equal(["TRANSPORT", "TRANSPORT"]);
      expect([flushed, clock.pending, network.openCables]).to.deep.equal([false, 0, 0]);
    });

    it("within onBytes is the end of all deliveries", async () => {
      const { clock, cable, dialed, accepted } = openPair();
      accepted.onChunk = () => cable.cut();
      for (let sends = 0; sends < 3; sends++) dialed.link.send(new Uint8Array(10), () => {});
      await clock.advance(10);
      expect(accepted.byteCount).to.equal(10);
      expect(accepted.events).to.deep.equal(["bytes", "close"]);
    });

    it("reaches an end that is attached later", async () => {
      const { clock, network } = open();
      const cable = network.linkPair();
      cable.cut();
      await clock.advance(10);
      const late = new LinkRecorder(cable.dialed);
      await clock.advance(0);
      expect([late.events, late.closeError?.code]).to.deep.equal([["close"], "TRANSPORT"]);
    });
  });

  describe("silence", () => {
    it("stops what was dialed from an address, without a word and for good; thaw and cut leave it alone", async () => {
      const { clock, network } = open();
      const [silent, other] = ["one", "two"].map((address) => {
        const cable = network.linkPair(address, "gateway");
        return { dialed: new LinkRecorder(cable.dialed), accepted: new LinkRecorder(cable.accepted) };
      });
      network.silence("one");
      for (const { dialed } of [silent!, other!]) dialed.link.send(Buffer.from("hello"), () => {});
      silent!.dialed.link.destroy();
      await clock.advance(10);
      network.freeze();
      network.thaw();
      await clock.advance(10);
      expect([silent!.accepted.events, other!.accepted.events]).to.deep.equal([[], ["bytes"]]);
      network.cut();
      await clock.advance(10);
      expect([silent!.accepted.events, other!.accepted.events]).to.deep.equal([[], ["bytes", "close"]]);
    });
  });

  describe("freeze", () => {
    it("stops bytes and ends without a word, and thaw lets them go on in order", async () => {
      const { clock, network, dialed, accepted } = openPair({ toAcceptor: { latencyMs: 10 } });
      dialed.link.send(Uint8Array.of(1), () => {});
      await clock.advance(5);
      network.freeze();
      dialed.link.send(Uint8Array.of(2), () => {});
      dialed.link.end();
      await clock.advance(600_000);
      expect([dialed.events, accepted.events]).to.deep.equal([[], []]);
      expect(clock.pending).to.equal(0);
      network.thaw();
      await clock.advance(10);
      expect([...accepted.bytes]).to.deep.equal([1, 2]);
      expect(accepted.events).to.deep.equal(["bytes", "end"]);
    });

    it("of one cable leaves the others alone", async () => {
      const { clock, network, cable, dialed, accepted } = openPair();
      const other = network.linkPair();
      const reader = new LinkRecorder(other.accepted);
      cable.freeze();
      for (const link of [dialed.link, other.dialed]) link.send(Uint8Array.of(1), () => {});
      await clock.advance(100);
      expect([accepted.byteCount, reader.byteCount]).to.deep.equal([0, 1]);
      cable.thaw();
      await clock.advance(0);
      expect(accepted.byteCount).to.equal(1);
    });

    it("lets the sender flush until the window is full", async () => {
      const { clock, network, dialed } = openPair();
      let flushed = 0;
      network.freeze();
      for (let sends = 0; sends < 100; sends++) dialed.link.send(new Uint8Array(1_024), () => flushed++);
      await clock.advance(1_000);
      expect(flushed).to.equal(64);
    });

    it("also holds a cable that is made meanwhile", async () => {
      const { clock, network } = open();
      network.freeze();
      const cable = network.linkPair();
      const accepted = new LinkRecorder(cable.accepted);
      cable.dialed.send(Uint8Array.of(1), () => {});
      await clock.advance(100);
      expect(accepted.byteCount).to.equal(0);
      network.thaw();
      await clock.advance(0);
      expect(accepted.byteCount).to.equal(1);
    });
  });

  describe("dial", () => {
    it("takes one trip each way and shows the dialer's address", async () => {
      const { clock, network } = open({ toAcceptor: { latencyMs: 30 }, toDialer: { latencyMs: 70 } });
      const accepted: Link[] = [];
      await network.acceptor().listen({ ...IGNORE, onLink: (link) => void accepted.push(new LinkRecorder(link).link) });
      let open_: Link | undefined;
      void network
        .dialer("memory", { address: "10.0.0.7" })
        .dial()
        .then((link) => (open_ = link));
      await clock.advance(99);
      expect([accepted[0]?.remoteAddress, open_]).to.deep.equal(["10.0.0.7", undefined]);
      await clock.advance(1);
      expect(open_?.remoteAddress).to.equal("memory");
    });

    it("is refused with TRANSPORT while the dialer is told so", async () => {
      const { clock, network } = open();
      await network.acceptor().listen(IGNORE);
      const dialer = network.dialer();
      dialer.refusing = true;
      const refused = rejection(dialer.dial());
      await clock.advance(0);
      expect((await refused).code).to.equal("TRANSPORT");
      dialer.refusing = false;
      const dialing = dialer.dial();
      await clock.advance(0);
      new LinkRecorder(await dialing);
    });

    it("rejects with TIMEOUT on a frozen network and leaves nothing behind", async () => {
      const { clock, network } = open();
      const links: Link[] = [];
      await network.acceptor().listen({ ...IGNORE, onLink: (link) => void links.push(link) });
      network.freeze();
      const { signal } = new AbortController();
      const dialing = rejection(network.dialer("memory", { connectTimeoutMs: 500 }).dial({ signal }));
      await clock.advance(500);
      expect((await dialing).code).to.equal("TIMEOUT");
      network.thaw();
      await clock.advance(1_000);
      expect([links.length, clock.pending, getEventListeners(signal, "abort").length]).to.deep.equal([0, 0, 0]);
    });

    it("goes on after a thaw", async () => {
      const { clock, network } = open();
      await network.acceptor().listen(IGNORE);
      network.freeze();
      const dialing = network.dialer().dial();
      await clock.advance(5_000);
      network.thaw();
      await clock.advance(0);
      new LinkRecorder(await dialing);
    });

    it("rejects with CLOSED when aborted on the way, and the accepted end sees its end", async () => {
      const { clock, network } = open({ toDialer: { latencyMs: 50 } });
      const accepted: LinkRecorder[] = [];
      await network.acceptor().listen({ ...IGNORE, onLink: (link) => void accepted.push(new LinkRecorder(link)) });
      const controller = new AbortController();
      const reason = new Error("changed my mind");
      const dialing = rejection(network.dialer().dial({ signal: controller.signal }));
      await clock.advance(10);
      controller.abort(reason);
      const error = await dialing;
      expect([error.code, error.cause]).to.deep.equal(["CLOSED", reason]);
      await clock.advance(100);
      expect(accepted.map(({ events }) => events)).to.deep.equal([["end"]]);
      expect([clock.pending, getEventListeners(controller.signal, "abort").length]).to.deep.equal([0, 0]);
    });

    it("that the accepting side aborts leaves nothing behind", async () => {
      const { clock, network } = open();
      const controller = new AbortController();
      await network.acceptor().listen({
        ...IGNORE,
        onLink: (link) => {
          link.destroy();
          controller.abort();
        },
      });
      const dialing = rejection(network.dialer().dial({ signal: controller.signal }));
      await clock.advance(10);
      expect((await dialing).code).to.equal("CLOSED");
      expect([clock.pending, network.openCables]).to.deep.equal([0, 0]);
    });
  });

  it("rejects conditions and seeds out of range with INVALID_ARG", () => {
    const { network, clock } = open();
    for (const call of [
      () => new MemoryNetwork({ clock, seed: -1 }),
      () => new MemoryNetwork({ clock, seed: 1, conditions: { toDialer: { latencyMs: -1 } } }),
      () => (network.conditions = { toAcceptor: { jitterMs: Number.NaN } }),
    ]) {
      expect(call).to.throw().that.satisfies(isUsmpError).with.property("code", "INVALID_ARG");
    }
  });

  it("tells its seed for printing", () => {
    expect(open().network.seed).to.equal(SEED);
  });
});

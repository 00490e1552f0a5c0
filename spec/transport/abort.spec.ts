import { getEventListeners } from "node:events";
import { expect } from "chai";
import sinon from "sinon";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { MemoryNetwork } from "../../lib/testing/network/memory.js";
import { abortable, onAbort, signalOf } from "../../lib/transport/abort.js";
import { TcpTransport } from "../../lib/transport/tcp.js";
import type { DialOptions } from "../../lib/transport/transport.js";
import { UdpTransport } from "../../lib/transport/udp.js";
import { isPending, microtasks, rejectionOf } from "../support/session-waits.js";

const REASON = new Error("changed my mind");

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

describe("onAbort", () => {
  it("calls back when the signal aborts, at once if it has aborted, and never without a signal", () => {
    const callback = sinon.spy();
    const controller = new AbortController();
    onAbort(undefined, callback);
    onAbort(controller.signal, callback);
    expect(callback.callCount).to.equal(0);
    controller.abort();
    expect(callback.callCount).to.equal(1);
    onAbort(controller.signal, callback);
    expect(callback.callCount).to.equal(2);
  });
});

describe("abortable", () => {
  it("settles as the work does, and leaves no listener on a signal that lives on", async () => {
    const { signal } = new AbortController();
    expect(await abortable(signal, Promise.resolve(7), () => {})).to.equal(7);
    await abortable(signal, Promise.reject(REASON), () => {}).catch((error: unknown) => expect(error).to.equal(REASON));
    expect(listeners(signal)).to.equal(0);
  });

  it("gives the work up once if the signal aborts, before or meanwhile", async () => {
    for (const isAbortedBefore of [true, false]) {
      const controller = new AbortController();
      if (isAbortedBefore) controller.abort();
      let reject: (error: Error) => void = () => {};
      const giveUp = sinon.spy(() => reject(REASON));
      const work = new Promise<void>((_resolve, rejectWork) => (reject = rejectWork));
      const settled = abortable(controller.signal, work, giveUp).catch((error: unknown) => error);
      controller.abort();
      expect(await settled).to.equal(REASON);
      expect([giveUp.callCount, listeners(controller.signal)]).to.deep.equal([1, 0]);
    }
  });
});

describe("the signal of a dialer's options", () => {
  const { signal } = new AbortController();

  it("is found on them, on a copy, and on what inherits from them", () => {
    const options: DialOptions = { signal };
    const heir = Object.create(options) as DialOptions;
    expect([options, { ...options }, heir, new Proxy(options, {})].map(signalOf)).to.deep.equal(
      Array<AbortSignal>(4).fill(signal),
    );
    expect(signalOf({})).to.equal(undefined);
  });

  it("is refused with INVALID_ARG if it is none, or if there are no options", async () => {
    for (const options of [null, 7, { signal: "soon" }, { signal: {} }]) {
      const dialing = new TcpTransport("localhost", 9).dial(options as DialOptions);
      await rejectionOf(dialing, "INVALID_ARG");
    }
  });
});

describe("our dialers", () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, seed: 1 });
  // Names that are looked up: neither is done at once.
  for (const [name, place, dialer] of [
    ["memory", "memory memory", network.dialer()],
    ["TCP", "localhost:9", new TcpTransport("localhost", 9, { clock })],
    ["UDP", "localhost:9", new UdpTransport("localhost", 9, { clock })],
  ] as const) {
    it(`over ${name} reject with CLOSED and the reason if the signal aborts before or while they dial`, async () => {
      const signal = AbortSignal.abort(REASON);
      expect((await rejectionOf(dialer.dial({ signal }), "CLOSED")).cause).to.equal(REASON);
      const controller = new AbortController();
      const dialing = dialer.dial({ signal: controller.signal });
      expect(await isPending(dialing)).to.equal(true);
      controller.abort(REASON);
      const error = await rejectionOf(dialing, "CLOSED");
      expect([error.cause, error.message]).to.deep.equal([REASON, `connecting to ${place} was aborted`]);
      await microtasks();
      expect([listeners(controller.signal), clock.pending]).to.deep.equal([0, 0]);
    });
  }

  it("over TCP reject once if the user's own look-up aborts within connect", async () => {
    const controller = new AbortController();
    const dialer = new TcpTransport("a-name", 9, { clock, lookup: () => controller.abort(REASON) });
    expect((await rejectionOf(dialer.dial({ signal: controller.signal }), "CLOSED")).cause).to.equal(REASON);
    expect([listeners(controller.signal), clock.pending]).to.deep.equal([0, 0]);
  });
});

/** How a gateway stops while callbacks are under way. */
import { expect } from "chai";
import type { UsmpSession } from "../../lib/session/session.js";
import { FacadeRig, rejectionOf as rejection } from "../support/facade-rig.js";
import { DEVICE_B, NetworkRig } from "../support/session-network.js";
import { isPending, microtasks, rejectionOf } from "../support/session-waits.js";

describe("a graceful stop", () => {
  let rig: NetworkRig;
  /** Ends the handler that is under way. */
  let finish: () => void;

  /** A gateway with a session whose message handler is under way. */
  async function busy(): Promise<UsmpSession> {
    rig = await new NetworkRig().listen();
    rig.server.on("session", (session) => {
      session.on("message", () => new Promise<void>((resolve) => (finish = resolve)));
    });
    const device = await rig.connected();
    device.send("work");
    await rig.still();
    expect(finish).to.be.a("function");
    return rig.sessions[0]!;
  }

  beforeEach(() => {
    finish = undefined as unknown as () => void;
  });

  it("says BYE and refuses new handshakes at once, and resolves when the last callback is done", async () => {
    const session = await busy();
    const stopping = rig.server.stop({ graceMs: 5_000 });
    await rig.still();
    expect([session.isConnected, rig.server.isListening, await isPending(stopping)]).to.deep.equal([
      false,
      false,
      true,
    ]);
    expect((await session.closed).code).to.equal("CLOSED");
    await rejectionOf(rig.settled(rig.client({ deviceId: DEVICE_B }).connect()), "TRANSPORT");
    await rig.clock.advance(4_999);
    expect(await isPending(stopping)).to.equal(true);
    finish();
    await microtasks();
    expect(await isPending(stopping)).to.equal(false);
    expect([rig.clock.pending, rig.network.openCables]).to.deep.equal([0, 0]);
  });

  it("waits for graceMs at most", async () => {
    await busy();
    const stopping = rig.server.stop({ graceMs: 5_000 });
    await rig.clock.advance(4_999);
    expect(await isPending(stopping)).to.equal(true);
    await rig.clock.advance(1);
    expect(await isPending(stopping)).to.equal(false);
    expect(rig.clock.pending).to.equal(0);
  });

  it("may wait as long as it takes", async () => {
    await busy();
    const stopping = rig.server.stop({ graceMs: Infinity });
    await rig.clock.advance(2 ** 33);
    expect(await isPending(stopping)).to.equal(true);
    finish();
    await microtasks();
    expect([await isPending(stopping), rig.clock.pending]).to.deep.equal([false, 0]);
  });

  it("waits for nothing by default, and for nobody where nothing is under way", async () => {
    await busy();
    await rig.settled(rig.server.stop());
    const idle = await new NetworkRig().listen();
    await idle.connected();
    await idle.settled(idle.server.stop({ graceMs: 5_000 }));
    expect(idle.clock.pending).to.equal(0);
  });

  it("waits for the handlers of the gateway's own events, and of a session's end", async () => {
    rig = await new NetworkRig().listen();
    const ends: (() => void)[] = [];
    const slow = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
    rig.server.onSession(slow);
    rig.server.on("session", (session) => void session.on("close", slow));
    await rig.connected();
    const stopping = rig.server.stop({ graceMs: 60_000 });
    await rig.still();
    expect(ends).to.have.lengthOf(2);
    ends[0]!();
    await microtasks();
    expect(await isPending(stopping)).to.equal(true);
    ends[1]!();
    await rig.settled(stopping);
  });

  it("ends a handler that iterates over its session's messages, for the session ends", async () => {
    rig = new NetworkRig();
    const got: string[] = [];
    rig.server.onSession(async (session) => {
      for await (const message of session) got.push(new TextDecoder().decode(message));
      got.push("done");
    });
    await rig.listen();
    const device = await rig.connected();
    device.send("one");
    await rig.still();
    await rig.settled(rig.server.stop({ graceMs: 60_000 }));
    expect(got).to.deep.equal(["one", "done"]);
  });

  it("is not shortened by a second call, nor made longer by one with less grace", async () => {
    await busy();
    const first = rig.server.stop({ graceMs: 5_000 });
    const second = rig.server.stop();
    await rig.clock.advance(4_999);
    expect([await isPending(first), await isPending(second)]).to.deep.equal([true, true]);
    await rig.clock.advance(1);
    expect([await isPending(first), await isPending(second)]).to.deep.equal([false, false]);
  });

  for (const graceMs of [-1, NaN, "5" as unknown as number]) {
    it(`refuses graceMs of ${typeof graceMs} ${graceMs}, and goes on`, async () => {
      rig = await new NetworkRig().listen();
      const { message } = await rejectionOf(rig.server.stop({ graceMs }), "INVALID_ARG");
      expect(message).to.match(/^graceMs is /);
      expect(rig.server.isListening).to.equal(true);
      await rig.settled(rig.server.stop());
    });
  }

  it("by the facade waits for its callbacks, and for graceMs at most", async () => {
    const facades = new FacadeRig();
    for (const isDone of [true, false]) {
      const { gateway, device } = await facades.pair();
      let done: () => void = () => {};
      gateway.onMessage(() => new Promise<void>((resolve) => (done = resolve)));
      device.send("work");
      await facades.pass();
      const closing = gateway.close({ graceMs: 1_000 });
      await facades.pass(999);
      expect([await isPending(closing), device.alive()]).to.deep.equal([true, false]);
      if (isDone) done();
      else await facades.pass(1);
      await microtasks();
      expect(await isPending(closing)).to.equal(false);
      await facades.until(device.close());
    }
    const { gateway } = await facades.pair();
    expect((await rejection(gateway.close({ graceMs: -1 }))).code).to.equal("INVALID_ARG");
    await facades.end();
  });
});

import { getEventListeners } from "node:events";

import { expect } from "chai";

import type { Usmp } from "../lib/usmp.js";
import { FacadeRig, FIRST_WINDOW_MS, rejectionOf } from "./support/facade-rig.js";

describe("Usmp's offline queue", () => {
  let rig: FacadeRig;
  let gateway: Usmp;
  /** What the gateway got, and what the device was told. */
  let got: string[];

  beforeEach(async () => {
    rig = new FacadeRig();
    gateway = await rig.gateway();
    got = [];
    gateway.onMessage((data) => void got.push(data.toString()));
  });

  afterEach(() => rig.end());

  /** A device with a queue, whose link has just been cut. */
  const offline = async (options: Parameters<FacadeRig["usmp"]>[0] = {}): Promise<Usmp> => {
    const device = rig.usmp({ offlineQueue: {}, ...options });
    device.on("dropped", ({ code }) => void got.push(`dropped ${code}`));
    await rig.connect(device);
    rig.network.cut();
    await rig.pass();
    return device;
  };

  it("is off by default: send gives false with NOT_CONNECTED", async () => {
    const device = await offline({ offlineQueue: undefined });
    expect([device.send("x"), device.lastError()?.errno]).to.deep.equal([false, -9]);
  });

  it("sends after a reconnect: what the callbacks send, then what was held, then what is sent later", async () => {
    const device = await offline();
    expect([device.send("held 1"), device.send("held 2")]).to.deep.equal([true, true]);
    device.onReconnect(() => device.send("in onReconnect"));
    device.onConnect(() => device.send("in onConnect"));
    await rig.pass(FIRST_WINDOW_MS);
    device.send("later");
    await rig.pass();
    expect(got).to.deep.equal(["in onReconnect", "in onConnect", "held 1", "held 2", "later"]);
  });

  it("keeps no listener on the signal of a message that it gives up, refuses or withdraws", async () => {
    for (const overflow of ["drop-newest", "reject"] as const) {
      const device = await offline({ offlineQueue: { maxMessages: 1, overflow } });
      const abort = new AbortController();
      const held = rejectionOf(device.sendAsync("held", { signal: abort.signal }));
      const late = await rejectionOf(device.sendAsync("late", { signal: abort.signal }));
      expect([late.code, getEventListeners(abort.signal, "abort").length]).to.deep.equal(["BUFFER_FULL", 1]);
      abort.abort();
      expect((await held).code).to.equal("CLOSED");
      expect(getEventListeners(abort.signal, "abort")).to.deep.equal([]);
    }
  });

  it("lets a signal withdraw a message that is held, and not one that was sent", async () => {
    const device = await offline();
    const [first, second] = [new AbortController(), new AbortController()];
    const withdrawn = rejectionOf(device.sendAsync("withdrawn", { signal: first.signal }));
    const held = device.sendAsync("held", { signal: second.signal });
    first.abort();
    expect((await withdrawn).code).to.equal("CLOSED");
    expect(device.stats()).to.include({ queuedMessages: 1, queuedBytes: 4 });
    await rig.pass(FIRST_WINDOW_MS);
    await rig.until(held);
    second.abort();
    await rig.pass();
    expect(got).to.deep.equal(["held"]);
    expect((await rejectionOf(device.sendAsync("x", { signal: first.signal }))).code).to.equal("CLOSED");
  });

  it("keeps that order in polled mode, too", async () => {
    const device = await offline({ polled: true });
    device.send("held");
    device.onConnect(() => device.send("in onConnect"));
    device.maintain();
    await rig.pass(FIRST_WINDOW_MS);
    device.maintain();
    device.send("later");
    await rig.pass();
    expect(got).to.deep.equal(["in onConnect", "held", "later"]);
  });

  it("goes on when there is room again, where it holds more than the network takes at once", async () => {
    const device = await offline({ maxUnsentBytes: 100 });
    const names = Array.from({ length: 30 }, (_, index) => `held ${index}`);
    for (const name of names) expect(device.send(name)).to.equal(true);
    await rig.pass(FIRST_WINDOW_MS);
    expect(device.send("later")).to.equal(true);
    await rig.pass(1_000);
    expect(got).to.deep.equal([...names, "later"]);
  });

  it("resolves sendAsync when the message went out, and rejects it when it is given up", async () => {
    const device = await offline({ offlineQueue: { maxMessages: 1 } });
    const dropped = rejectionOf(device.sendAsync("a"));
    const sent = device.sendAsync("b");
    expect((await dropped).code).to.equal("BUFFER_FULL");
    await rig.pass(FIRST_WINDOW_MS);
    await sent;
    await rig.pass();
    expect(got).to.deep.equal(["dropped BUFFER_FULL", "b"]);
  });

  it("refuses where it is full and told to, and what is too large at once", async () => {
    const device = await offline({ offlineQueue: { maxMessages: 1, overflow: "reject" } });
    expect([device.send("a"), device.send("b"), device.lastError()?.errno]).to.deep.equal([true, false, -6]);
    expect((await rejectionOf(device.sendAsync("c"))).code).to.equal("BUFFER_FULL");
    expect(device.send("x".repeat(1_809))).to.equal(false);
    expect(device.lastErrorString()).to.match(/^PAYLOAD_TOO_LARGE/);
  });

  it("gives up what is held at close(), with CLOSED, and takes nothing afterwards", async () => {
    const device = await offline();
    device.send("a");
    await rig.until(device.close());
    expect(got).to.deep.equal(["dropped CLOSED"]);
    expect([device.send("b"), device.lastError()?.errno]).to.deep.equal([false, -9]);
  });

  it("gives up what is held when no further attempt is made, with the last reason", async () => {
    const device = await offline({ reconnect: { maxAttempts: 2 } });
    await rig.until(gateway.close());
    device.send("a");
    await rig.pass(FIRST_WINDOW_MS);
    expect([device.state(), got]).to.deep.equal(["closed", ["dropped TRANSPORT"]]);
  });

  it("holds nothing before the first begin", () => {
    const device = rig.usmp({ offlineQueue: {} });
    expect([device.send("a"), device.lastError()?.errno]).to.deep.equal([false, -9]);
  });

  it("sends nothing twice: what was sealed and lost with its session is not held", async () => {
    const device = rig.usmp({ offlineQueue: {} });
    await rig.connect(device);
    rig.network.freeze();
    expect(device.send("lost")).to.equal(true);
    rig.network.cut();
    rig.network.thaw();
    await rig.pass();
    device.send("held");
    await rig.pass(FIRST_WINDOW_MS);
    await rig.pass();
    expect(got.filter((text) => text === "held")).to.have.lengthOf(1);
    expect(got).to.not.include("lost");
  });
});

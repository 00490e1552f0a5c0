import { getEventListeners } from "node:events";

import { expect } from "chai";

import { UsmpClient, UsmpServer } from "../lib/index.js";
import { crypto, FacadeRig, FIRST_WINDOW_MS, PSK, record, rejectionOf } from "./support/facade-rig.js";
import { isPending, warningsDuring } from "./support/session-waits.js";

describe("A life of Usmp", () => {
  let rig: FacadeRig;

  beforeEach(() => {
    rig = new FacadeRig();
  });

  afterEach(() => rig.end());

  describe("that begins with rejectOnFailure", () => {
    it("resolves with true if the first attempt succeeds, and reconnects later as usual", async () => {
      await rig.gateway();
      const device = rig.usmp();
      const events = record(device);
      expect(await rig.until(device.begin(rig.dialer(), { rejectOnFailure: true }))).to.equal(true);
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
      expect(events).to.deep.equal(["connect", "disconnect TRANSPORT", "reconnect", "connect"]);
    });

    it("rejects with the reason if it fails, warns nobody, and leaves nothing running", async () => {
      const device = rig.usmp();
      let error: unknown;
      const warnings = await warningsDuring(async () => {
        error = await rig.until(rejectionOf(device.begin(rig.dialer("nobody"), { rejectOnFailure: true })));
      });
      expect(error).to.have.property("code", "TRANSPORT");
      expect([warnings, device.state(), device.lastError()]).to.deep.equal([[], "closed", error]);
      rig.expectNothingLeft();
    });

    it("rejects with AUTH for a wrong key, with INVALID_ARG for a bad argument, and with CLOSED if it was called off", async () => {
      await rig.gateway();
      const device = rig.usmp({}, "another key, as long as it has to be");
      const begin = (options = {}): Promise<unknown> =>
        rig.until(rejectionOf(device.begin(rig.dialer(), { rejectOnFailure: true, ...options })));
      expect(await begin()).to.have.property("code", "AUTH");
      expect(await begin({ signal: 5 })).to.have.property("code", "INVALID_ARG");
      const beginning = rejectionOf(device.begin(rig.dialer(), { rejectOnFailure: true }));
      await rig.until(device.close());
      expect(await rig.until(beginning)).to.have.property("code", "CLOSED");
    });

    it("rejects, and leaves a begin() alone that came meanwhile", async () => {
      await rig.gateway();
      const device = rig.usmp();
      const first = rejectionOf(device.begin(rig.dialer("nobody"), { rejectOnFailure: true }));
      expect(await rig.until(device.begin(rig.dialer()))).to.equal(true);
      expect(await rig.until(first)).to.have.property("code", "CLOSED");
      expect(device.isConnected()).to.equal(true);
    });

    it("rejects if it cannot even start, and leaves the life that runs as it was", async () => {
      const device = rig.usmp();
      let announced = 0;
      device.on("reconnecting", () => announced++);
      expect(await rig.until(device.begin(rig.dialer("nobody")))).to.equal(false);
      const nonsense = rejectionOf(device.begin("nonsense" as never, { rejectOnFailure: true }));
      expect((await nonsense).code).to.equal("INVALID_ARG");
      await rig.pass(FIRST_WINDOW_MS);
      expect(announced).to.be.at.least(2);
    });

    it("leaves no rejection unhandled if nobody waits for it", async () => {
      const device = rig.usmp();
      const options = { signal: undefined, rejectOnFailure: true };
      device.beginAsync(rig.dialer("nobody"), options);
      await rig.until(device.closed);
      expect(device.lastError()).to.have.property("code", "TRANSPORT");
    });

    it("takes nothing but true and false", async () => {
      const device = rig.usmp();
      expect(await device.begin(rig.dialer(), { rejectOnFailure: "yes" as never })).to.equal(false);
      expect(device.lastErrorString()).to.include("rejectOnFailure").and.include("INVALID_ARG");
    });
  });

  it("lets its signal go when it ends by itself", async () => {
    const { signal } = new AbortController();
    const device = rig.usmp({ reconnect: false });
    expect(await rig.until(device.begin(rig.dialer("nobody"), { signal }))).to.equal(false);
    expect([device.state(), getEventListeners(signal, "abort")]).to.deep.equal(["closed", []]);
  });

  describe("has a closed promise", () => {
    it("that resolves with CLOSED when close() is done, and is another one in the next life", async () => {
      await rig.gateway();
      const device = await rig.device();
      const { closed } = device;
      expect(await isPending(closed)).to.equal(true);
      await rig.until(device.close());
      expect((await rig.until(closed)).code).to.equal("CLOSED");
      expect(device.closed).to.equal(closed);
      await rig.connect(device);
      expect(device.closed).not.to.equal(closed);
      expect(await isPending(device.closed)).to.equal(true);
    });

    it("that resolves with the reason of a device that does not try again", async () => {
      await rig.gateway();
      const device = rig.usmp({ reconnect: false });
      await rig.connect(device);
      rig.network.cut();
      expect((await rig.until(device.closed)).code).to.equal("TRANSPORT");
    });

    it("that survives a loss and reconnect(), and ends with another begin()", async () => {
      await rig.gateway();
      const device = await rig.device();
      const { closed } = device;
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
      await rig.until(device.reconnect());
      expect(await isPending(closed)).to.equal(true);
      expect(await device.begin("nonsense" as never)).to.equal(false);
      expect(await isPending(closed)).to.equal(true);
      await rig.connect(device);
      expect((await closed).code).to.equal("CLOSED");
    });

    it("on a listening facade, too, also if it cannot listen", async () => {
      const gateway = await rig.gateway();
      const { closed } = gateway;
      const second = rig.usmp();
      const failing = rejectionOf(second.listen(rig.acceptor()));
      expect((await rig.until(second.closed)).code).to.equal((await rig.until(failing)).code);
      expect(await isPending(closed)).to.equal(true);
      await rig.until(gateway.close());
      expect((await closed).code).to.equal("CLOSED");
    });
  });

  describe("ends with close({ drain: true })", () => {
    /** More than the network takes at once, and more than a plain close() has time for. */
    const COUNT = 300;

    it("after every message of a device has left", async () => {
      const gateway = await rig.gateway();
      let received = 0;
      gateway.onMessage(() => void received++);
      const device = rig.usmp({ maxUnsentBytes: 4_096, closeTimeoutMs: 1 });
      await rig.connect(device);
      rig.network.conditions = { toAcceptor: { latencyMs: 20 }, toDialer: { latencyMs: 20 } };
      const sends = Array.from({ length: COUNT }, () => device.sendAsync("x".repeat(400)));
      await rig.until(device.close({ drain: true }));
      await Promise.all(sends);
      await rig.pass(100);
      expect(received).to.equal(COUNT);
    });

    it("after every message of a gateway, a server and a client has left", async () => {
      const gateway = await rig.gateway({ maxUnsentBytes: 4_096 });
      const device = await rig.device();
      let received = 0;
      device.onMessage(() => void received++);
      const session = gateway.sessions()[0]!;
      const sends = Array.from({ length: COUNT }, () => session.sendAsync("x".repeat(400)));
      await rig.until(gateway.close({ drain: true }));
      await Promise.all(sends);
      await rig.pass(100);
      expect(received).to.equal(COUNT);

      const server = new UsmpServer({ psk: PSK, clock: rig.clock, crypto });
      const client = new UsmpClient({
        psk: PSK,
        transport: rig.dialer("s"),
        clock: rig.clock,
        crypto,
        maxUnsentBytes: 4_096,
      });
      let heard = 0;
      server.onSession((each) => each.onMessage(() => heard++));
      await rig.until(server.listen(rig.acceptor("s")));
      await rig.until(client.connect());
      const more = Array.from({ length: COUNT }, () => client.sendAsync("x".repeat(400)));
      await rig.until(client.close({ drain: true }));
      await Promise.all(more);
      await rig.until(server.close({ drain: true }));
      expect([heard, client.stats().messagesSent, server.isListening]).to.deep.equal([COUNT, COUNT, false]);
    });

    it("and leaves a life alone that begins meanwhile", async () => {
      const gateway = await rig.gateway();
      const device = await rig.device();
      expect(device.send("on its way")).to.equal(true);
      const closing = device.close({ drain: true });
      await rig.connect(device);
      await rig.until(closing);
      await rig.pass();
      expect(device.isConnected()).to.equal(true);

      const server = new UsmpServer({ psk: PSK, clock: rig.clock, crypto });
      await rig.until(server.listen(rig.acceptor("s")));
      const client = rig.usmp();
      expect(await rig.until(client.begin(rig.dialer("s")))).to.equal(true);
      rig.network.freeze();
      expect(server.sessions()[0]?.send("never leaves")).to.equal(true);
      const stopping = server.close({ drain: true });
      const stopped = server.close();
      const listening = server.listen(rig.acceptor("another"));
      rig.network.thaw();
      await rig.until(Promise.all([stopped, listening, stopping]));
      expect(server.isListening).to.equal(true);
      await rig.until(Promise.all([server.close(), gateway.close()]));
    });

    it("and takes no new device meanwhile, whose messages would be cut off", async () => {
      const gateway = await rig.gateway({ maxUnsentBytes: 4_096 });
      const device = await rig.device();
      const session = gateway.sessions()[0]!;
      rig.network.conditions = { toAcceptor: { latencyMs: 20 }, toDialer: { latencyMs: 20 } };
      const sends = Array.from({ length: COUNT }, () => session.sendAsync("x".repeat(400)));
      const closing = gateway.close({ drain: true });
      const late = rig.usmp({ reconnect: false });
      expect(await rig.until(late.begin(rig.dialer()))).to.equal(false);
      expect([late.lastError()?.code, device.isConnected()]).to.deep.equal(["TRANSPORT", true]);
      await rig.until(Promise.all([closing, ...sends]));
    });

    it("at once if the session ends meanwhile, or there is none", async () => {
      await rig.gateway();
      const device = await rig.device();
      rig.network.freeze();
      expect(device.send("never leaves")).to.equal(true);
      const closing = device.close({ drain: true });
      rig.network.cut();
      rig.network.thaw();
      await rig.until(closing);
      await rig.until(device.close({ drain: true }));
    });

    it("and nothing but true and false, also for serve(), which closes when its signal aborts", async () => {
      const options = { drain: 1 as never };
      expect((await rejectionOf(rig.usmp().close(options))).code).to.equal("INVALID_ARG");
      const server = new UsmpServer({ psk: PSK, clock: rig.clock, crypto });
      const serving = server.serve({ ...options, signal: AbortSignal.abort() });
      expect((await rejectionOf(serving)).code).to.equal("INVALID_ARG");
    });
  });
});

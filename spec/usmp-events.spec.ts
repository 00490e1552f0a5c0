import { on, once, type EventEmitter } from "node:events";
import { expect } from "chai";

import { TcpTransport, UsmpClient, UsmpServer, type UsmpSession } from "../lib/index.js";
import type { Subscribable } from "../lib/session/emitter.js";
import { crypto, FacadeRig, FIRST_WINDOW_MS, PSK, record, thrownBy } from "./support/facade-rig.js";
import { microtasks, soon } from "./support/session-waits.js";

const FACADE_EVENTS =
  "connect, disconnect, drain, dropped, error, message, reconnect, reconnecting, refused, status".split(", ");

/** For `node:events`, whose types ask for all that Node's own emitters have. */
const forNode = (emitter: object): EventEmitter => emitter as EventEmitter;

describe("Events", () => {
  let rig: FacadeRig;

  beforeEach(() => {
    rig = new FacadeRig();
  });

  afterEach(() => rig.end());

  /** A session of a gateway of its own. */
  async function sessionOf(): Promise<UsmpSession> {
    const { gateway } = await rig.pair();
    return gateway.sessions()[0]!;
  }

  describe("that do not exist", () => {
    /** What `on` says of a name that is none. */
    function refusal(emitter: { on(event: never, listener: () => void): unknown }): string {
      const error = thrownBy(() => emitter.on("mesage" as never, () => {}));
      expect(error.code).to.equal("INVALID_ARG");
      return error.message;
    }

    it("are refused by each class, which names its own", async () => {
      const psk = PSK;
      const own: [{ on(event: never, listener: () => void): unknown }, string][] = [
        [rig.usmp(), FACADE_EVENTS.join(", ")],
        [
          new UsmpClient({ transport: new TcpTransport("127.0.0.1"), psk }),
          "disconnect, drain, dropped, error, message",
        ],
        [new UsmpServer({ psk }), "dropped, error, refused, session, timeout"],
        [await sessionOf(), "close, drain, dropped, error, message, rekey"],
      ];
      for (const [emitter, names] of own) {
        expect(refusal(emitter)).to.equal(`there is no event "mesage"; the events are ${names}`);
        for (const name of names.split(", ")) emitter.on(name as never, () => {});
      }
    });

    it("are refused by once and addListener, too, and never by off", () => {
      const usmp = rig.usmp();
      for (const add of ["once", "addListener"] as const) {
        expect(thrownBy(() => usmp[add]("conect" as never, () => {})).message).to.include('no event "conect"');
      }
      usmp.off("conect" as never, () => {}).removeListener("conect" as never, () => {});
    });
  });

  describe("with node:events", () => {
    it("can be iterated, and left by the loop and by its signal", async () => {
      const { gateway, device } = await rig.pair();
      const [session] = gateway.sessions();
      for (const emitter of [gateway, session!]) {
        const leaving = new AbortController();
        const messages = on(forNode(emitter), "message", { signal: leaving.signal });
        device.send("a");
        device.send("b");
        await rig.pass();
        for await (const [data] of messages as AsyncIterable<[Buffer]>) {
          expect(data.toString()).to.equal("a");
          break;
        }
        expect([emitter.listenerCount("message"), emitter.listenerCount("error")]).to.deep.equal([0, 0]);
        const more = on(forNode(emitter), "message", { signal: leaving.signal });
        const waiting = more.next();
        leaving.abort();
        const error: unknown = await soon(waiting, "next()").catch((cause: unknown) => cause);
        expect(error).to.have.property("name", "AbortError");
        expect(emitter.eventNames()).to.deep.equal([]);
      }
    });

    it("end an iteration by the event that is named to close it", async () => {
      const { gateway, device } = await rig.pair();
      const messages = on(forNode(gateway), "message", { close: ["disconnect"] });
      device.send("a");
      await rig.until(device.close());
      await rig.pass();
      const heard: string[] = [];
      for await (const [data] of messages as AsyncIterable<[Buffer]>) heard.push(data.toString());
      expect([heard, gateway.eventNames()]).to.deep.equal([["a"], []]);
    });

    it("can be awaited once, and rejected by an error", async () => {
      await rig.gateway();
      const device = rig.usmp({ reconnect: false });
      const connected = once(forNode(device), "connect");
      await rig.connect(device);
      const [session] = (await soon(connected, "connect")) as [UsmpSession];
      expect([session.sessionId, device.eventNames()]).to.deep.equal([device.sessionId(), []]);
      const never = once(forNode(device), "reconnect").catch((error: unknown) => error);
      expect(await rig.until(device.begin(rig.dialer("nowhere")))).to.equal(false);
      expect(await soon(never, "the error")).to.have.property("code", "TRANSPORT");
      expect(device.eventNames()).to.deep.equal([]);
    });
  });

  describe("that the library listens for itself", () => {
    it("are not counted, and survive removeAllListeners", async () => {
      const { gateway, device } = await rig.pair();
      const [told, heard] = [record(device), record(gateway)];
      const statuses = device.status();
      await statuses.next();
      const emitters: Subscribable<never>[] = [device, gateway, ...gateway.sessions()] as never[];
      for (const emitter of emitters) {
        expect(emitter.eventNames()).to.deep.equal([]);
        emitter.removeAllListeners();
      }
      device.send("up");
      gateway.broadcast("down");
      await rig.pass();
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
      expect(heard).to.deep.equal(["message up", "disconnect TRANSPORT", "reconnect", "connect"]);
      expect(told).to.deep.equal(["message down", "disconnect TRANSPORT", "reconnect", "connect"]);
      expect(gateway.sessions()).to.have.lengthOf(1);
      expect([gateway.stats().messagesReceived, device.stats().messagesSent]).to.deep.equal([1, 1]);
      const { value } = await soon(statuses.next(), "the next status");
      expect(value).to.include({ state: "backoff" });
      await statuses.return();
    });

    it("are not counted on a server and a client either", async () => {
      const server = new UsmpServer({ psk: PSK, clock: rig.clock, crypto });
      const client = new UsmpClient({ psk: PSK, transport: rig.dialer(), clock: rig.clock, crypto });
      const ended: string[] = [];
      server.onTimeout((deviceId) => ended.push(deviceId));
      await rig.until(server.listen(rig.acceptor()));
      await rig.until(client.connect());
      for (const emitter of [server, client, ...server.sessions(), client.session!]) {
        expect(emitter.eventNames()).to.deep.equal([]);
        emitter.removeAllListeners();
      }
      client.on("disconnect", ({ code }) => ended.push(code));
      rig.network.freeze();
      await rig.pass(70_000);
      rig.network.thaw();
      await rig.pass(1_000);
      expect([...ended].sort()).to.deep.equal([client.deviceId, "TIMEOUT"].sort());
      expect(server.sessions()).to.deep.equal([]);
      await rig.until(Promise.all([client.disconnect(), server.stop()]));
    });
  });

  describe("reconnecting", () => {
    it("tells the delay, the reason and the number of the next attempt, after the disconnect and after the error", async () => {
      const gateway = await rig.gateway();
      const device = rig.usmp();
      const told = record(device);
      device.on("reconnecting", (delayMs, reason, attempt) =>
        told.push(`reconnecting ${reason.code} ${delayMs > 0} ${attempt}`),
      );
      await rig.connect(device);
      await rig.until(gateway.close());
      await rig.pass(FIRST_WINDOW_MS);
      expect(told.slice(0, 5)).to.deep.equal([
        "connect",
        "disconnect BYE",
        "reconnecting BYE true 2",
        "error TRANSPORT",
        "reconnecting TRANSPORT true 3",
      ]);
    });

    it("is not told where nothing follows: after close(), the last attempt, or a callback that dials at once", async () => {
      const gateway = await rig.gateway();
      const last = rig.usmp({ reconnect: false });
      const dials = rig.usmp();
      dials.onDisconnect(() => void dials.reconnect());
      for (const device of [last, dials]) {
        device.on("reconnecting", () => expect.fail("told"));
        await rig.connect(device);
      }
      rig.network.cut();
      await rig.pass();
      expect([last.state(), dials.state()]).to.deep.equal(["closed", "established"]);
      await rig.until(dials.close());
      await microtasks();
      expect(gateway.sessions()).to.deep.equal([]);
    });
  });
});

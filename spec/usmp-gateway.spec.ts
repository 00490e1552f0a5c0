import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { expect } from "chai";

import type { UsmpError } from "../lib/errors.js";
import type { UsmpSession } from "../lib/session/session.js";
import type { Acceptor } from "../lib/transport/transport.js";
import { Usmp } from "../lib/usmp.js";
import { FacadeRig, FIRST_WINDOW_MS, PSK, record, rejectionOf } from "./support/facade-rig.js";

describe("A listening Usmp", () => {
  let rig: FacadeRig;

  beforeEach(() => {
    rig = new FacadeRig();
  });

  afterEach(() => rig.end());

  describe("listen", () => {
    it("resolves with the addresses, the real port where 0 was asked for", async () => {
      const gateway = new Usmp(PSK);
      const [first, second] = await gateway.listen(Usmp.TCP("127.0.0.1", 0), Usmp.TCP("127.0.0.1", 0));
      expect(first).to.include({ transport: "tcp", address: "127.0.0.1" });
      expect(first!.port).to.be.greaterThan(0).and.not.equal(second!.port);
      expect([gateway.state(), gateway.alive()]).to.deep.equal(["listening", false]);
      await gateway.close();
      expect(gateway.state()).to.equal("idle");
    });

    it("listens with the key that it was given as bytes, which their owner has overwritten since", async () => {
      const key = new TextEncoder().encode(PSK);
      const gateway = rig.usmp({}, key);
      key.fill(0);
      await rig.until(gateway.listen(rig.acceptor()));
      await rig.device();
      expect(gateway.sessions()).to.have.lengthOf(1);
    });

    it("rejects with the system's error as cause, is all or nothing, and leaves the facade usable", async () => {
      const blocker = createServer();
      await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
      const { port } = blocker.address() as AddressInfo;
      const gateway = rig.usmp();
      const error = await rejectionOf(gateway.listen(rig.acceptor(), Usmp.TCP("127.0.0.1", port)));
      expect(error.code).to.equal("TRANSPORT");
      expect(error.cause).to.have.property("code", "EADDRINUSE");
      expect([gateway.lastError()?.errno, gateway.state()]).to.deep.equal([-2, "idle"]);
      await new Promise((resolve) => blocker.close(resolve));
      // The memory acceptor was given back, and the facade listens, or begins, as if nothing had been.
      await rig.until(gateway.listen(rig.acceptor()));
      await rig.device();
      const other = rig.usmp();
      await rejectionOf(other.listen(rig.acceptor()));
      await rig.connect(other);
    });

    it("rejects with INVALID_ARG for no transport and for what is none, with nothing left listening", async () => {
      const gateway = rig.usmp();
      for (const bad of [[], [undefined], ["0.0.0.0"], [rig.acceptor(), null], [rig.acceptor(), {}]]) {
        const error = await rejectionOf(gateway.listen(...(bad as unknown as Acceptor[])));
        expect(error.code).to.equal("INVALID_ARG");
        expect(gateway.lastErrorString()).to.contain("Usmp.TCP");
      }
      await rig.until(gateway.listen(rig.acceptor()));
    });

    it("takes the options of both sides", async () => {
      const gateway = await rig.gateway({ keepaliveMs: 5_000, sessionTimeoutMs: 1_000, deviceId: "02:00:00:00:00:01" });
      await rig.device();
      expect(gateway.alive()).to.equal(true);
    });

    it("tells whom it refused, and why", async () => {
      const gateway = await rig.gateway();
      const refused: string[] = [];
      gateway.on("refused", ({ code }, address, deviceId) => refused.push(`${code} ${typeof address} ${deviceId}`));
      const stranger = rig.usmp({ reconnect: false }, "another key of enough text");
      await rig.until(stranger.begin(rig.dialer()));
      expect(refused).to.deep.equal([`AUTH string ${stranger.deviceId()}`]);
    });

    it("rejects where it listens already, and goes on listening", async () => {
      const gateway = await rig.gateway();
      expect((await rejectionOf(gateway.listen(rig.acceptor("other")))).code).to.equal("INVALID_ARG");
      await rig.device();
      expect(gateway.alive()).to.equal(true);
    });

    it("and begin exclude each other, from the call on", async () => {
      const gateway = await rig.gateway();
      expect(await gateway.begin(rig.dialer())).to.equal(false);
      expect([gateway.lastError()?.errno, gateway.state()]).to.deep.equal([-1, "listening"]);
      const device = await rig.device();
      expect((await rejectionOf(device.listen(rig.acceptor("other")))).code).to.equal("INVALID_ARG");
      expect(device.alive()).to.equal(true);

      const both = new Usmp(PSK, { clock: rig.clock });
      const begun = both.begin(rig.dialer());
      expect((await rejectionOf(both.listen(rig.acceptor("other")))).code).to.equal("INVALID_ARG");
      expect(await rig.until(begun)).to.equal(true);
      await rig.until(both.close());
      const listening = both.listen(rig.acceptor("other"));
      expect(await both.begin(rig.dialer())).to.equal(false);
      await rig.until(listening);
      await rig.until(both.close());
      await rig.connect(both);
      await rig.until(both.close());
    });

    it("does not go on after a close() that came meanwhile", async () => {
      const gateway = new Usmp(PSK, { clock: rig.clock });
      const listening = gateway.listen(rig.acceptor()).catch((error: unknown) => error);
      await rig.until(gateway.close());
      await rig.until(listening);
      expect(gateway.state()).to.equal("idle");
      expect(await rig.until(rig.usmp({ reconnect: false }).begin(rig.dialer()))).to.equal(false);
      await rig.until(gateway.listen(rig.acceptor()));
      await rig.until(gateway.close());
    });
  });

  describe("callbacks", () => {
    it("fire per device, the session last", async () => {
      const gateway = rig.usmp();
      const told: unknown[] = [];
      gateway.onConnect((session) => void told.push(["connect", session.deviceId]));
      gateway.onMessage((data, length, session) => {
        told.push(["message", data.toString(), length, session.deviceId]);
        session.send("ACK");
      });
      gateway.onDisconnect(({ code }, session) => void told.push(["disconnect", code, session.deviceId]));
      await rig.until(gateway.listen(rig.acceptor()));
      const device = await rig.device();
      device.send("hello");
      await rig.pass();
      expect(device.readString()).to.equal("ACK");
      await rig.until(device.close());
      expect(told).to.deep.equal([
        ["connect", device.deviceId()],
        ["message", "hello", 5, device.deviceId()],
        ["disconnect", "BYE", device.deviceId()],
      ]);
    });

    it("say onReconnect, and then onConnect, for a device that had a session before", async () => {
      const gateway = await rig.gateway();
      const events = record(gateway);
      const device = await rig.device();
      const other = await rig.device();
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
      expect([device.alive(), other.alive()]).to.deep.equal([true, true]);
      expect(events).to.deep.equal([
        "connect",
        "connect",
        "disconnect TRANSPORT",
        "disconnect TRANSPORT",
        "reconnect",
        "connect",
        "reconnect",
        "connect",
      ]);
    });

    it("that fail break nothing and reach error", async () => {
      const gateway = await rig.gateway();
      const errors: string[] = [];
      gateway.onError(({ code }) => void errors.push(code));
      gateway.onConnect(() => {
        throw new Error("a bug of the user's");
      });
      gateway.onMessage(async () => {
        throw new Error("another");
      });
      const device = await rig.device();
      device.send("x");
      await rig.pass();
      expect(errors).to.deep.equal(["HANDLER", "HANDLER"]);
      expect(device.alive()).to.equal(true);
    });

    it("set later get what was waiting, in order and per device", async () => {
      const gateway = await rig.gateway();
      const [one, two] = [await rig.device(), await rig.device()];
      for (const text of ["1", "2"]) {
        one.send(`one ${text}`);
        two.send(`two ${text}`);
        await rig.pass();
      }
      const heard: string[] = [];
      gateway.onMessage((data) => void heard.push(data.toString()));
      expect(heard).to.deep.equal([]);
      one.send("one 3");
      await rig.pass();
      expect(heard.filter((text) => text.startsWith("one"))).to.deep.equal(["one 1", "one 2", "one 3"]);
      expect(heard.filter((text) => text.startsWith("two"))).to.deep.equal(["two 1", "two 2"]);
    });

    it("that are cleared, or heard once, let later messages wait", async () => {
      const gateway = await rig.gateway();
      const device = await rig.device();
      const heard: string[] = [];
      const hear = (data: Uint8Array): void => void heard.push(data.toString());
      const send = async (...texts: string[]): Promise<void> => {
        for (const text of texts) device.send(text);
        await rig.pass();
      };
      gateway.once("message", hear);
      await send("1", "2", "3");
      expect(heard).to.deep.equal(["1"]);
      expect(gateway.sessions()[0]!.readString()).to.equal("2");
      gateway.onMessage(hear);
      await send("4");
      gateway.onMessage(null);
      await send("5");
      gateway.on("message", hear);
      await send("6");
      gateway.off("message", hear);
      await send("7");
      expect(heard).to.deep.equal(["1", "3", "4", "5", "6"]);
      expect(gateway.sessions()[0]!.readString()).to.equal("7");
    });

    it("wait between pause and resume, for sessions that begin meanwhile, too", async () => {
      const gateway = await rig.gateway();
      const events = record(gateway);
      const first = await rig.device();
      gateway.pause();
      const second = await rig.device();
      first.send("first");
      second.send("second");
      await rig.pass();
      expect(events).to.deep.equal(["connect", "connect"]);
      gateway.resume();
      await rig.pass();
      expect(events.slice(2)).to.have.members(["message first", "message second"]);
      const third = await rig.device();
      third.send("third");
      await rig.pass();
      expect(events.at(-1)).to.equal("message third");
    });

    it("fire drain with the session that has room again", async () => {
      const gateway = await rig.gateway();
      const device = await rig.device();
      const drained: string[] = [];
      gateway.on("drain", ({ deviceId }: UsmpSession) => void drained.push(deviceId));
      device.pause();
      await rig.pass();
      for (let sent = 0; gateway.sendTo(device.deviceId(), "x".repeat(1_000)); sent++) {
        if (sent % 8 === 0) await rig.pass();
      }
      expect(gateway.lastErrorString()).to.match(/^BUFFER_FULL: /);
      device.resume();
      device.onMessage(() => {});
      await rig.pass();
      expect(drained).to.deep.equal([device.deviceId()]);
    });
  });

  describe("sending", () => {
    it("goes to one, or to all, and says how many", async () => {
      const gateway = await rig.gateway();
      const [one, two] = [await rig.device(), await rig.device()];
      expect(gateway.sendTo(one.deviceId(), "for one")).to.equal(true);
      expect(gateway.sendTo(one.deviceId().toUpperCase(), "again")).to.equal(true);
      expect(gateway.broadcast("for all")).to.equal(2);
      await rig.pass();
      expect([one.readString(), one.readString(), one.readString(), two.readString()]).to.deep.equal([
        "for one",
        "again",
        "for all",
        "for all",
      ]);
    });

    it("gives false with NOT_CONNECTED for a device that is not there, with INVALID_ARG for no id", async () => {
      const gateway = await rig.gateway();
      expect([gateway.sendTo("24:0a:c4:01:02:03", "x"), gateway.lastError()?.errno]).to.deep.equal([false, -9]);
      expect([gateway.sendTo("nonsense", "x"), gateway.lastError()?.errno]).to.deep.equal([false, -1]);
      expect(gateway.broadcast("x")).to.equal(0);
      expect(() => gateway.sendTo("24:0a:c4:01:02:03", 42 as unknown as string)).to.throw(TypeError);
      expect(() => gateway.broadcast(null as unknown as string)).to.throw(TypeError);
    });

    it("counts in broadcast only what is on its way", async () => {
      const gateway = await rig.gateway();
      await rig.device();
      expect(gateway.broadcast("x".repeat(1_809))).to.equal(0);
      expect(gateway.lastErrorString()).to.match(/^PAYLOAD_TOO_LARGE: /);
    });

    it("is no plain send, which gives false with INVALID_ARG", async () => {
      const gateway = await rig.gateway();
      await rig.device();
      expect([gateway.send("x"), gateway.lastError()?.errno]).to.deep.equal([false, -1]);
      expect(gateway.lastErrorString()).to.contain("sendTo");
      expect(gateway.println("x")).to.equal(0);
    });
  });

  describe("sessions", () => {
    it("are listed while they live, and found by device id", async () => {
      const gateway = await rig.gateway();
      expect([gateway.sessions(), gateway.alive()]).to.deep.equal([[], false]);
      const device = await rig.device({ deviceId: "24:0a:c4:01:02:03" });
      expect(gateway.alive()).to.equal(true);
      expect(gateway.session("24:0A:C4:01:02:03")).to.equal(gateway.sessions()[0]);
      expect(gateway.sessions()[0]!.sessionId).to.equal(device.sessionId());
      await rig.until(device.close());
      expect([gateway.sessions(), gateway.session("24:0a:c4:01:02:03")]).to.deep.equal([[], null]);
    });

    it("are no more in the list when onDisconnect runs", async () => {
      const gateway = await rig.gateway();
      const seen: number[] = [];
      gateway.onDisconnect(() => void seen.push(gateway.sessions().length));
      const device = await rig.device();
      await rig.until(device.close());
      expect(seen).to.deep.equal([0]);
    });

    it("are one per device: the same id again ends the old one SUPERSEDED, and not before it has proved its key", async () => {
      const gateway = await rig.gateway();
      const told: string[] = [];
      gateway.onConnect(({ sessionId }) => void told.push(`connect ${sessionId}`));
      gateway.onDisconnect(({ code }, { sessionId }) => void told.push(`${code} ${sessionId}`));
      const deviceId = "24:0a:c4:01:02:03";
      const old = await rig.device({ deviceId, reconnect: false });
      const oldId = old.sessionId();
      const thief = rig.usmp({ deviceId, reconnect: false }, "another key of more than sixteen bytes");
      expect(await rig.until(thief.begin(rig.dialer()))).to.equal(false);
      expect(old.alive()).to.equal(true);
      const again = await rig.device({ deviceId });
      expect(told).to.deep.equal([`connect ${oldId}`, `SUPERSEDED ${oldId}`, `connect ${again.sessionId()}`]);
      await rig.pass();
      expect([old.alive(), gateway.sessions().length]).to.deep.equal([false, 1]);
    });

    it("end with TIMEOUT where a device is gone without a word", async () => {
      const gateway = await rig.gateway();
      const events = record(gateway);
      await rig.device({ reconnect: false });
      rig.network.freeze();
      await rig.pass(60_000);
      expect(events).to.deep.equal(["connect", "disconnect TIMEOUT"]);
    });
  });

  describe("close", () => {
    it("says BYE to each device, tells onDisconnect CLOSED, and they come back when it listens again", async () => {
      const gateway = await rig.gateway();
      const events = record(gateway);
      const devices = [await rig.device(), await rig.device()];
      const told = devices.map((device) => record(device));
      await rig.until(gateway.close().then(() => events.push("closed")));
      expect(events).to.deep.equal(["connect", "connect", "disconnect CLOSED", "disconnect CLOSED", "closed"]);
      for (const one of told) expect(one[0]).to.equal("disconnect BYE");
      await rig.until(gateway.listen(rig.acceptor()));
      await rig.pass(40_000);
      expect(events.slice(5)).to.deep.equal(["connect", "connect"]);
      expect(devices.map((device) => device.alive())).to.deep.equal([true, true]);
    });

    it("twice leaves alone what listens by then", async () => {
      const gateway = await rig.gateway();
      await rig.device();
      const [first, second] = [gateway.close(), gateway.close()];
      await rig.until(first);
      const listening = gateway.listen(rig.acceptor());
      await rig.until(Promise.all([second, listening]));
      expect(gateway.state()).to.equal("listening");
      await rig.device();
      expect(gateway.sessions()).to.have.lengthOf.at.least(1);
    });

    for (const event of ["onConnect", "onMessage", "onDisconnect"] as const) {
      it(`may be awaited within ${event}`, async () => {
        const gateway = rig.usmp();
        let closed = 0;
        gateway[event](async () => {
          await gateway.close();
          closed++;
        });
        await rig.until(gateway.listen(rig.acceptor()));
        const device = rig.usmp({ reconnect: false });
        await rig.until(device.begin(rig.dialer()));
        device.send("x");
        await rig.pass();
        await rig.until(device.close());
        await rig.pass(5_000);
        expect([closed > 0, gateway.state()]).to.deep.equal([true, "idle"]);
      });
    }

    it("ends the run of a gateway whose key function never answers", async () => {
      const gateway = rig.usmp({}, () => new Promise<string>(() => {}));
      await rig.until(gateway.listen(rig.acceptor()));
      const device = rig.usmp({ reconnect: false });
      void device.begin(rig.dialer());
      await rig.pass();
      await rig.until(gateway.close());
      await rig.until(device.close());
    });
  });

  it("takes keys by device id, with a default, and by function", async () => {
    const [known, unknown] = ["24:0a:c4:01:02:03", "24:0a:c4:01:02:04"];
    const [own, common] = ["a key for one device alone", "a key for all other devices"];
    const asked: string[] = [];
    const byFunction = (deviceId: string): Promise<string | null> => {
      asked.push(deviceId);
      return Promise.resolve(deviceId === known ? own : deviceId === unknown ? common : null);
    };
    for (const source of [
      { [known]: own, "*": common },
      new Map([
        [known, own],
        ["*", common],
      ]),
      byFunction,
    ]) {
      const gateway = await rig.gateway({}, source);
      for (const [deviceId, psk, right] of [
        [known, own, true],
        [known, common, false],
        [unknown, common, true],
      ] as const) {
        const device = rig.usmp({ deviceId, reconnect: false }, psk);
        expect(await rig.until(device.begin(rig.dialer())), `${deviceId} ${psk}`).to.equal(right);
        if (!right) expect(device.lastError()?.errno).to.equal(-3);
        await rig.until(device.close());
      }
      await rig.until(gateway.close());
    }
    expect(asked).to.deep.equal([known, known, unknown]);
  });

  it("reports a key function that fails, refuses the device, and goes on", async () => {
    const gateway = await rig.gateway({}, () => Promise.reject(new Error("the vault is shut")));
    const errors: UsmpError[] = [];
    gateway.onError((error) => void errors.push(error));
    const device = rig.usmp({ reconnect: false });
    expect(await rig.until(device.begin(rig.dialer()))).to.equal(false);
    expect(errors.map(({ code }) => code)).to.deep.equal(["AUTH"]);
    expect(gateway.state()).to.equal("listening");
  });
});

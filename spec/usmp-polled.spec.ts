import { expect } from "chai";
import sinon from "sinon";

import type { Usmp } from "../lib/usmp.js";
import { FacadeRig, FIRST_WINDOW_MS, PSK, record } from "./support/facade-rig.js";

describe("A polled Usmp", () => {
  let rig: FacadeRig;

  beforeEach(() => {
    rig = new FacadeRig();
  });

  afterEach(async () => {
    sinon.restore();
    await rig.end();
  });

  describe("as a device", () => {
    let gateway: Usmp;
    let device: Usmp;
    let events: string[];

    beforeEach(async () => {
      gateway = await rig.gateway();
      device = rig.usmp({ polled: true });
      events = record(device);
    });

    it("runs what waits just before begin resolves, and nothing before", async () => {
      const begun = device.begin(rig.dialer()).then(() => events.push("begin"));
      await rig.until(begun);
      expect(events).to.deep.equal(["connect", "begin"]);
    });

    it("runs nothing outside maintain(), however much happens", async () => {
      await rig.connect(device);
      events.length = 0;
      gateway.broadcast("one");
      await rig.pass();
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
      gateway.broadcast("two");
      await rig.pass();
      expect(events).to.deep.equal([]);
      expect(device.alive()).to.equal(true);
      device.maintain();
      expect(events).to.deep.equal(["message one", "disconnect TRANSPORT", "reconnect", "connect", "message two"]);
      device.maintain();
      expect(events).to.have.lengthOf(5);
    });

    it("loses no message to a listener of the session: both hear it within maintain()", async () => {
      device.onConnect((session) => session.on("message", (data) => events.push(`session ${data.toString()}`)));
      await rig.connect(device);
      gateway.broadcast("one");
      await rig.pass();
      expect(events).to.deep.equal([]);
      device.maintain();
      expect(events).to.deep.equal(["session one", "message one"]);
    });

    it("keeps I/O, keepalive and reconnect going without any maintain()", async () => {
      await rig.connect(device);
      await rig.pass(3_600_000);
      expect(device.alive()).to.equal(true);
      await rig.until(gateway.close());
      await rig.until(gateway.listen(rig.acceptor()));
      await rig.pass(60_000);
      expect([device.alive(), events]).to.deep.equal([true, ["connect"]]);
    });

    it("keeps each session's messages between its connect and its disconnect", async () => {
      await rig.connect(device);
      for (const number of [1, 2, 3]) {
        gateway.broadcast(`${number}a`);
        gateway.broadcast(`${number}b`);
        await rig.pass();
        rig.network.cut();
        await rig.pass(FIRST_WINDOW_MS * 2 ** number);
      }
      device.maintain();
      expect(events.filter((event) => !event.startsWith("error")).join(", ")).to.equal(
        [
          "connect, message 1a, message 1b, disconnect TRANSPORT",
          "reconnect, connect, message 2a, message 2b, disconnect TRANSPORT",
          "reconnect, connect, message 3a, message 3b, disconnect TRANSPORT",
          "reconnect, connect",
        ].join(", "),
      );
    });

    it("runs what waits before reconnect and close resolve", async () => {
      await rig.connect(device);
      await rig.until(device.reconnect().then(() => events.push("reconnected")));
      gateway.broadcast("last");
      await rig.pass();
      await rig.until(device.close().then(() => events.push("closed")));
      expect(events).to.deep.equal([
        "connect",
        "disconnect CLOSED",
        "reconnect",
        "connect",
        "reconnected",
        "message last",
        "disconnect CLOSED",
        "closed",
      ]);
      device.maintain();
      await rig.pass(60_000);
      expect(events).to.have.lengthOf(8);
    });

    it("tells a failed begin before it resolves", async () => {
      expect(await rig.until(device.begin(rig.dialer("nobody")))).to.equal(false);
      expect(events).to.deep.equal(["error TRANSPORT"]);
    });

    it("may be maintained within any callback, without a second round", async () => {
      let depth = 0;
      const nested = (): void => {
        expect(depth++).to.equal(0);
        device.maintain();
        depth--;
      };
      for (const event of ["connect", "message", "disconnect"] as const) device.on(event, nested);
      await rig.connect(device);
      gateway.broadcast("1");
      gateway.broadcast("2");
      await rig.pass();
      rig.network.cut();
      await rig.pass();
      device.maintain();
      expect(events).to.deep.equal(["connect", "message 1", "message 2", "disconnect TRANSPORT"]);
    });

    it("keeps the order where a callback closes while more waits", async () => {
      await rig.connect(device);
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
      events.length = 0;
      device.on("disconnect", () => void device.close());
      device.maintain();
      await rig.pass(5_000);
      expect(events).to.deep.equal(["disconnect TRANSPORT", "reconnect", "connect", "disconnect CLOSED"]);
    });

    it("goes on after callbacks that fail", async () => {
      device.onConnect(() => {
        throw new Error("a bug of the user's");
      });
      await rig.connect(device);
      expect(events).to.deep.equal(["error HANDLER"]);
      gateway.broadcast("x");
      await rig.pass();
      device.maintain();
      expect(events).to.deep.equal(["error HANDLER", "message x"]);
    });

    it("warns once for a callback that fails where nobody listens for error", async () => {
      const warn = sinon.stub(process, "emitWarning");
      device.onError(null);
      device.onMessage(() => Promise.reject(new Error("a bug of the user's")));
      await rig.connect(device);
      gateway.broadcast("x");
      await rig.pass();
      device.maintain();
      await rig.pass();
      expect(warn.callCount).to.equal(1);
    });

    it("stops the gateway's sending instead of growing, and loses no message", async () => {
      await rig.connect(device);
      let sent = 0;
      while (gateway.broadcast("x".repeat(1_000)) === 1) {
        if (++sent % 8 === 0) await rig.pass();
        if (sent > 1_000) expect.fail("nothing holds it back");
      }
      for (let turn = 0; turn < 50; turn++) {
        device.maintain();
        await rig.pass();
      }
      expect(events.filter((event) => event.startsWith("message"))).to.have.lengthOf(sent);
    });

    it("forgets the oldest of very many events that nobody polls for", async () => {
      const restless = rig.usmp({ polled: true, reconnect: { minDelayMs: 1, maxDelayMs: 1 } });
      const told = record(restless);
      await rig.until(restless.begin(rig.dialer("nobody")));
      told.length = 0;
      await rig.pass(2_000);
      restless.maintain();
      expect(told).to.deep.equal(Array.from({ length: 1_024 }, () => "error TRANSPORT"));
    });

    it("gives messages to a reader as they come, without maintain()", async () => {
      device.onMessage(null);
      await rig.connect(device);
      gateway.broadcast("x");
      await rig.pass();
      expect([device.available(), device.readString()]).to.deep.equal([true, "x"]);
    });

    it("gives waiting messages to a callback set later, at the next maintain()", async () => {
      device.onMessage(null);
      await rig.connect(device);
      gateway.broadcast("x");
      await rig.pass();
      device.onMessage((data) => void events.push(`late ${data.toString()}`));
      await rig.pass();
      expect(events).to.deep.equal(["connect"]);
      device.maintain();
      expect(events).to.deep.equal(["connect", "late x"]);
    });

    it("respects pause within a poll", async () => {
      device.onMessage((data) => {
        events.push(data.toString());
        device.pause();
      });
      await rig.connect(device);
      for (const text of ["1", "2"]) gateway.broadcast(text);
      await rig.pass();
      device.maintain();
      device.maintain();
      expect(events).to.deep.equal(["connect", "1"]);
      device.resume();
      device.maintain();
      expect(events).to.deep.equal(["connect", "1", "2"]);
    });
  });

  describe("as a gateway", () => {
    it("runs everything in maintain(), per device and in order", async () => {
      const gateway = await rig.gateway({ polled: true });
      const told: string[] = [];
      gateway.onConnect(({ deviceId }) => void told.push(`connect ${deviceId}`));
      gateway.onMessage((data, _, { deviceId }) => void told.push(`${data.toString()} ${deviceId}`));
      gateway.onDisconnect(({ code }, { deviceId }) => void told.push(`${code} ${deviceId}`));
      const [one, two] = [await rig.device(), await rig.device()];
      one.send("1");
      one.send("2");
      two.send("3");
      await rig.pass();
      await rig.until(one.close());
      expect(told).to.deep.equal([]);
      gateway.maintain();
      const [first, second] = [one.deviceId(), two.deviceId()];
      expect(told).to.deep.equal([
        `connect ${first}`,
        `connect ${second}`,
        `1 ${first}`,
        `2 ${first}`,
        `BYE ${first}`,
        `3 ${second}`,
      ]);
      await rig.until(gateway.close());
      expect(told.at(-1)).to.equal(`CLOSED ${second}`);
    });

    it("stops a device instead of growing, and drops nothing once somebody takes messages", async () => {
      const gateway = await rig.gateway({ polled: true, maxUnreadMessages: 4 });
      const heard: string[] = [];
      gateway.onMessage((data) => void heard.push(data.toString()));
      const device = await rig.device();
      for (let number = 0; number < 30; number++) {
        device.send(String(number % 10));
        await rig.pass();
      }
      for (let turn = 0; turn < 30; turn++) {
        gateway.maintain();
        await rig.pass();
      }
      expect(heard.join("")).to.equal("0123456789".repeat(3));
    });

    it("hears one message once, and keeps the next for later", async () => {
      const gateway = await rig.gateway({ polled: true });
      const heard: string[] = [];
      gateway.once("message", (data) => void heard.push(data.toString()));
      const device = await rig.device();
      device.send("1");
      device.send("2");
      await rig.pass();
      gateway.maintain();
      expect(heard).to.deep.equal(["1"]);
      gateway.onMessage((data) => void heard.push(data.toString()));
      gateway.maintain();
      expect(heard).to.deep.equal(["1", "2"]);
    });
  });

  it("is not needed for maintain(), which is harmless without", async () => {
    const { gateway, device } = await rig.pair();
    const events = record(device);
    device.onMessage((data) => {
      device.maintain();
      events.push(data.toString());
    });
    device.maintain();
    gateway.maintain();
    gateway.broadcast("x");
    await rig.pass();
    device.maintain();
    expect(events).to.deep.equal(["x"]);
    rig.usmp({}, PSK).maintain();
  });
});

import { networkInterfaces } from "node:os";

import { expect } from "chai";

import { Device, type DeviceHandlers, type DeviceOptions } from "../../lib/device/device.js";
import { DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "../../lib/device/dial.js";
import { DEFAULT_BACKOFF } from "../../lib/device/reconnect-machine.js";
import { UsmpServer } from "../../lib/gateway/server.js";
import type { UsmpSession } from "../../lib/session/session.js";
import type { Dialer } from "../../lib/transport/transport.js";
import { RefusedSends } from "../../lib/session/refused-sends.js";
import { crypto, FacadeRig, PSK, rejectionOf, thrownBy } from "../support/facade-rig.js";

const NO_ID = undefined;

describe("Device", () => {
  let rig: FacadeRig;
  let server: UsmpServer;
  let events: string[];
  let wanted: boolean;

  const open = (
    deviceId: DeviceOptions["deviceId"] = NO_ID,
    settings: Partial<DeviceSettings> = {},
    handlers: Partial<DeviceHandlers> = {},
  ): Device =>
    new Device(
      {
        lookupPsk: () => new TextEncoder().encode(PSK),
        settings: { ...DEFAULT_DEVICE_SETTINGS, clock: rig.clock, crypto, ...settings },
        backoff: { ...DEFAULT_BACKOFF, minDelayMs: 100, maxDelayMs: 100 },
        deviceId,
        offlineQueue: null,
        refusedSends: new RefusedSends(() => {}),
      },
      {
        onConnect: (_, again) => void events.push(again ? "again" : "connect"),
        onDisconnect: ({ code }) => void events.push(`disconnect ${code}`),
        onMessage: (data) => {
          if (wanted) events.push(`message ${Buffer.from(data).toString()}`);
          return wanted;
        },
        onDrain: () => void events.push("drain"),
        onStatus: () => {},
        onDropped: ({ code }) => void events.push(`dropped ${code}`),
        onFailed: ({ code }) => void events.push(`failed ${code}`),
        onError: ({ code }) => void events.push(`error ${code}`),
        ...handlers,
      },
    );

  const peer = (): UsmpSession => server.sessions()[0]!;

  beforeEach(async () => {
    rig = new FacadeRig();
    events = [];
    wanted = true;
    server = new UsmpServer({ psk: PSK, clock: rig.clock, crypto });
    await rig.until(server.listen(rig.acceptor()));
  });

  const end = async (device: Device): Promise<void> => {
    await rig.until(Promise.all([device.close(), server.stop()]));
    rig.expectNothingLeft();
  };

  describe("its id", () => {
    it("is random and locally administered, known from begin on, and stays", async () => {
      const device = open();
      expect(device.deviceId).to.equal("");
      await rig.until(device.begin(rig.dialer()));
      const { deviceId } = device;
      expect(deviceId).to.match(/^[0-9a-f]([26ae])(:[0-9a-f]{2}){5}$/);
      await rig.until(device.reconnect());
      await rig.until(device.close());
      await rig.until(device.begin(rig.dialer()));
      expect([device.deviceId, peer().deviceId]).to.deep.equal([deviceId, deviceId]);
      await end(device);
    });

    it("that is given is known at once, in one form, and copied", async () => {
      expect(open("24:0A:C4:01:02:03").deviceId).to.equal("24:0a:c4:01:02:03");
      const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
      const device = open(bytes);
      bytes.fill(0);
      await rig.until(device.begin(rig.dialer()));
      expect([device.deviceId, peer().deviceId]).to.deep.equal(["01:02:03:04:05:06", "01:02:03:04:05:06"]);
      await end(device);
    });

    it("that is malformed is refused in the constructor", () => {
      for (const id of ["24:0a:c4:01:02", "nonsense", "", new Uint8Array(5)]) {
        expect(thrownBy(() => open(id)).code).to.equal("INVALID_ARG");
      }
    });

    it('"mac" is the machine\'s, or begin says why not', async () => {
      const real = Object.values(networkInterfaces())
        .flat()
        .find((address) => address?.internal === false && address.mac !== "00:00:00:00:00:00");
      const device = open("mac");
      const begun = rig.until(device.begin(rig.dialer()));
      if (real === undefined) {
        expect((await rejectionOf(begun)).code).to.equal("UNSUPPORTED");
      } else {
        expect(await begun).to.equal(true);
        expect(device.deviceId).to.equal(real.mac);
      }
      await end(device);
    });
  });

  describe("begin", () => {
    it("rejects with INVALID_ARG for what is no transport, and goes on as before", async () => {
      const device = open();
      await rig.until(device.begin(rig.dialer()));
      for (const bad of [undefined, null, {}, "192.168.1.100"]) {
        expect((await rejectionOf(device.begin(bad as Dialer))).code).to.equal("INVALID_ARG");
      }
      expect(device.state).to.equal("established");
      await end(device);
    });

    it("is under way from the call on, also while the cryptography is still loading", async () => {
      const device = new Device(
        {
          lookupPsk: () => new TextEncoder().encode(PSK),
          settings: { ...DEFAULT_DEVICE_SETTINGS, clock: rig.clock },
          backoff: DEFAULT_BACKOFF,
          deviceId: NO_ID,
          offlineQueue: null,
          refusedSends: new RefusedSends(() => {}),
        },
        {
          onConnect: () => void events.push("connect"),
          onDisconnect: () => {},
          onMessage: () => true,
          onDrain: () => {},
          onStatus: () => {},
          onDropped: () => {},
          onFailed: () => {},
          onError: () => {},
        },
      );
      const begun = device.begin(rig.dialer());
      expect([device.isIdle, device.state]).to.deep.equal([false, "opening"]);
      expect(await rig.until(begun)).to.equal(true);
      await rig.until(device.close());

      const again = open();
      const called = again.begin(rig.dialer());
      await again.close();
      expect(await called).to.equal(false);
      await end(again);
    });

    it("that is closed while the cryptography is still loading comes to nothing", async () => {
      const device = new Device(
        {
          lookupPsk: () => new TextEncoder().encode(PSK),
          settings: { ...DEFAULT_DEVICE_SETTINGS, clock: rig.clock },
          backoff: DEFAULT_BACKOFF,
          deviceId: NO_ID,
          offlineQueue: null,
          refusedSends: new RefusedSends(() => {}),
        },
        {
          onConnect: () => void events.push("connect"),
          onDisconnect: () => void events.push("disconnect"),
          onMessage: () => true,
          onDrain: () => {},
          onStatus: () => {},
          onDropped: () => {},
          onFailed: () => void events.push("failed"),
          onError: () => {},
        },
      );
      const begun = Promise.all([device.begin(rig.dialer()), device.begin(rig.dialer())]);
      await device.close();
      expect(await rig.until(begun)).to.deep.equal([false, false]);
      expect(device.isIdle).to.equal(true);
      expect(events).to.deep.equal([]);
      await end(device);
    });
  });

  describe("without a session", () => {
    it("has none, and says so with NOT_CONNECTED", async () => {
      const device = open();
      expect(device.session).to.equal(null);
      expect(thrownBy(() => device.requireSession()).code).to.equal("NOT_CONNECTED");
      expect(await device.reconnect()).to.equal(false);
      await device.close();
    });

    it("has none either from the moment of closing, within a callback", async () => {
      const seen: unknown[] = [];
      const device: Device = open(
        NO_ID,
        {},
        {
          onConnect: () => {
            void device.close();
            seen.push(device.session, device.state);
          },
        },
      );
      await rig.until(device.begin(rig.dialer()));
      expect(seen).to.deep.equal([null, "closed"]);
      await end(device);
    });
  });

  describe("its inbox", () => {
    it("outlives the session that the messages came on, and tells which that was", async () => {
      wanted = false;
      const on: string[] = [];
      const device = open(
        NO_ID,
        {},
        {
          onMessage: (data, { sessionId }) => {
            if (wanted) on.push(`${Buffer.from(data).toString()} ${sessionId}`);
            return wanted;
          },
        },
      );
      await rig.until(device.begin(rig.dialer()));
      const first = device.session!.sessionId;
      peer().send("one");
      await rig.pass();
      await rig.until(device.reconnect());
      const second = device.session!.sessionId;
      peer().send("two");
      await rig.pass();
      wanted = true;
      device.inbox.flush();
      expect(on).to.deep.equal([`one ${first}`, `two ${second}`]);
      await end(device);
    });

    it("that is full stops the reading, and goes on when half of it was read", async () => {
      wanted = false;
      const device = open(NO_ID, { maxUnreadMessages: 4 });
      device.inbox.interest();
      await rig.until(device.begin(rig.dialer()));
      for (let number = 0; number < 10; number++) {
        peer().send(String(number));
        await rig.pass();
      }
      expect(device.inbox.length).to.equal(4);
      const read: string[] = [];
      while (device.inbox.available()) {
        read.push(device.inbox.takeString());
        await rig.pass();
      }
      expect(read.join("")).to.equal("0123456789");
      await end(device);
    });

    it("that is full stops the next session too, and a resume of the user's does not open it", async () => {
      wanted = false;
      const device = open(NO_ID, { maxUnreadMessages: 4 });
      device.inbox.interest();
      await rig.until(device.begin(rig.dialer()));
      const flood = async (): Promise<void> => {
        for (let number = 0; number < 20; number++) {
          peer().send("x");
          await rig.pass();
        }
      };
      await flood();
      await rig.until(device.reconnect());
      await flood();
      device.inbox.hold();
      device.inbox.release();
      await flood();
      expect(device.inbox.length).to.equal(4);
      await end(device);
    });

    it("that was full gets what had arrived before the session's end, too", async () => {
      wanted = false;
      const device = open(NO_ID, { maxUnreadMessages: 4 });
      device.inbox.interest();
      await rig.until(device.begin(rig.dialer()));
      // One chunk, and the end right behind it.
      for (let number = 0; number < 10; number++) peer().send(String(number));
      await rig.until(server.stop());
      expect(events).to.deep.equal(["connect", "disconnect BYE"]);
      const read: string[] = [];
      while (device.inbox.available()) read.push(device.inbox.takeString());
      expect(read.join("")).to.equal("0123456789");
      await end(device);
    });

    it("that the user has paused takes nothing more when it is read out, until resumed", async () => {
      const device = open(NO_ID, { maxUnreadMessages: 2 });
      await rig.until(device.begin(rig.dialer()));
      device.inbox.hold();
      const send = async (text: string): Promise<void> => {
        peer().send(text);
        await rig.pass();
      };
      for (const text of ["1", "2", "3"]) await send(text);
      while (device.inbox.available()) device.inbox.take();
      await rig.pass();
      expect(device.inbox.length).to.equal(0);
      expect(events).to.deep.equal(["connect"]);
      device.inbox.release();
      await rig.pass();
      expect(events).to.deep.equal(["connect", "message 1", "message 2", "message 3"]);
      await end(device);
    });
  });

  describe("its sessions", () => {
    it("read their own messages, and none of the session before", async () => {
      wanted = false;
      const device = open();
      await rig.until(device.begin(rig.dialer()));
      const first = device.session!;
      peer().send("one");
      await rig.pass();
      await rig.until(device.reconnect());
      const second = device.session!;
      expect([first.available(), second.available(), first.stats().unreadMessages]).to.deep.equal([true, false, 1]);
      const next = second.recv();
      peer().send("two");
      await rig.pass();
      expect(Buffer.from(await next).toString()).to.equal("two");
      expect([second.readString(), first.readString(), first.read()]).to.deep.equal(["", "one", null]);
      await end(device);
    });

    it("hold back their own messages between pause and resume, and stop the gateway", async () => {
      const device = open(NO_ID, { maxUnreadMessages: 2 });
      await rig.until(device.begin(rig.dialer()));
      device.session!.pause();
      for (const text of ["1", "2", "3"]) {
        peer().send(text);
        await rig.pass();
      }
      expect(events).to.deep.equal(["connect"]);
      device.session!.resume();
      await rig.pass();
      expect(events).to.deep.equal(["connect", "message 1", "message 2", "message 3"]);
      await end(device);
    });
  });

  describe("its text output", () => {
    it("is forgotten with its session", async () => {
      const device = open();
      await rig.until(device.begin(rig.dialer()));
      device.print.write(new TextEncoder().encode("half a "));
      rig.network.cut();
      await rig.pass(100);
      expect(events).to.deep.equal(["connect", "disconnect TRANSPORT", "again"]);
      const got: string[] = [];
      peer().onMessage((data) => void got.push(Buffer.from(data).toString()));
      device.print.write(new TextEncoder().encode("line\n"));
      await rig.pass();
      expect(got).to.deep.equal(["line\n"]);
      await end(device);
    });

    it("leaves on close, before BYE", async () => {
      const device = open();
      await rig.until(device.begin(rig.dialer()));
      const got: string[] = [];
      peer().onMessage((data) => void got.push(Buffer.from(data).toString()));
      peer().on("close", ({ code }) => void got.push(code));
      device.print.write(new TextEncoder().encode("last words"));
      await rig.until(device.close());
      expect(got).to.deep.equal(["last words", "BYE"]);
      await end(device);
    });
  });
});

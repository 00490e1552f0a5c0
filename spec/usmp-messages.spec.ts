import { expect } from "chai";
import sinon from "sinon";

import type { Usmp } from "../lib/usmp.js";
import { FacadeRig, FIRST_WINDOW_MS, record, rejectionOf } from "./support/facade-rig.js";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("Usmp's messages", () => {
  let rig: FacadeRig;
  let gateway: Usmp;
  let device: Usmp;
  /** What the gateway got. */
  let got: string[];

  beforeEach(async () => {
    rig = new FacadeRig();
    ({ gateway, device } = await rig.pair());
    got = [];
    gateway.onMessage((data) => void got.push(data.toString()));
  });

  afterEach(async () => {
    sinon.restore();
    await rig.end();
  });

  /** The gateway sends each as a message, one read apart. */
  const tell = async (...messages: (string | Uint8Array)[]): Promise<void> => {
    for (const message of messages) {
      expect(gateway.broadcast(message)).to.equal(1);
      await rig.pass();
    }
  };

  it("says once that messages are dropped where nobody listens or reads", async () => {
    const dropped: string[] = [];
    device.on("dropped", ({ code }) => dropped.push(code));
    for (let round = 0; round < 10; round++)
      await tell(...Array.from({ length: 8 }, (_, index) => `${round}.${index}`));
    expect(dropped).to.deep.equal(["BUFFER_FULL"]);
    expect(device.readString()).to.equal("2.0");
  });

  describe("send", () => {
    it("takes text, bytes and an ArrayBuffer, also of 0 and of 1808 bytes", async () => {
      const long = "l".repeat(1_808);
      for (const data of ["text", bytesOf("bytes"), bytesOf("buffer").buffer as ArrayBuffer, "", long]) {
        expect(device.send(data)).to.equal(true);
      }
      await rig.pass();
      expect(got).to.deep.equal(["text", "bytes", "buffer", "", long]);
    });

    it("gives false with the reason, and the session goes on", async () => {
      expect(device.send("x".repeat(1_809))).to.equal(false);
      expect([device.lastError()?.errno, device.alive()]).to.deep.equal([-6, true]);
      expect(device.lastErrorString()).to.match(/^PAYLOAD_TOO_LARGE: .*1809.*1808/);
      expect(device.send("y")).to.equal(true);
      await rig.pass();
      expect(got).to.deep.equal(["y"]);
    });

    it("gives false with NOT_CONNECTED before begin, while offline and after close", async () => {
      const idle = rig.usmp();
      expect([idle.send("x"), idle.lastError()?.errno]).to.deep.equal([false, -9]);
      rig.network.cut();
      await rig.pass();
      expect([device.send("x"), device.lastErrorString().split(":")[0]]).to.deep.equal([false, "NOT_CONNECTED"]);
      await rig.until(device.close());
      expect([device.send("x"), device.lastError()?.errno]).to.deep.equal([false, -9]);
    });

    it("gives false with BUFFER_FULL where the network does not take it, and drain follows", async () => {
      let drained = 0;
      device.on("drain", () => drained++);
      gateway.pause();
      await rig.pass();
      let sent = 0;
      while (device.send("x".repeat(1_000))) {
        if (++sent % 8 === 0) await rig.pass();
        if (sent > 1_000) expect.fail("nothing holds it back");
      }
      expect(device.lastErrorString()).to.match(/^BUFFER_FULL: /);
      expect(drained).to.equal(0);
      gateway.resume();
      await rig.pass();
      expect(drained).to.equal(1);
      expect(got).to.have.lengthOf(sent);
    });

    it("throws a TypeError for any other type, connected or not", () => {
      for (const facade of [device, gateway, rig.usmp()]) {
        for (const bad of [undefined, null, 42, {}, [1, 2]]) {
          expect(() => facade.send(bad as string)).to.throw(TypeError, "Uint8Array");
        }
      }
    });

    it("may be called within every callback", async () => {
      device.onConnect(() => device.send("from onConnect"));
      device.onReconnect(() => device.send("from onReconnect"));
      device.onDisconnect(() => device.send("into the void"));
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
      expect(got).to.deep.equal(["from onReconnect", "from onConnect"]);
    });

    it("copies what it is given", async () => {
      const bytes = bytesOf("mine");
      device.send(bytes);
      bytes.fill(0);
      await rig.pass();
      expect(got).to.deep.equal(["mine"]);
    });
  });

  describe("sendAsync", () => {
    it("resolves when the network has taken the bytes", async () => {
      await rig.until(device.sendAsync("hello"));
      await rig.pass();
      expect(got).to.deep.equal(["hello"]);
    });

    it("waits for room, in order, and rejects with the reason where the session ends before", async () => {
      gateway.pause();
      const numbers = Array.from({ length: 300 }, (_, index) => index);
      const results = Promise.allSettled(numbers.map((number) => device.sendAsync(String(number).padEnd(1_000, "."))));
      await rig.pass();
      gateway.resume();
      await rig.until(results);
      expect(got.map((text) => parseInt(text, 10))).to.deep.equal(numbers);
      rig.network.freeze();
      const stuck = Array.from({ length: 200 }, () =>
        rejectionOf(device.sendAsync("x".repeat(1_000))).catch(() => null),
      );
      await rig.pass();
      rig.network.cut();
      await rig.pass();
      const codes = (await rig.until(Promise.all(stuck))).map((error) => error?.code);
      expect(codes.at(-1)).to.equal("TRANSPORT");
    });

    it("rejects with PAYLOAD_TOO_LARGE, with NOT_CONNECTED, and with a TypeError", async () => {
      expect((await rejectionOf(device.sendAsync("x".repeat(1_809)))).code).to.equal("PAYLOAD_TOO_LARGE");
      expect((await rejectionOf(rig.usmp().sendAsync("x"))).code).to.equal("NOT_CONNECTED");
      expect(await rejectionOf(device.sendAsync(42 as unknown as string))).to.be.instanceOf(TypeError);
    });
  });

  describe("print", () => {
    it("makes one message of a line, its newline included", async () => {
      expect([device.print("a"), device.print(1), device.print(true), device.println("hi")]).to.deep.equal([
        1, 1, 4, 4,
      ]);
      expect([device.println(), device.println(2.5)]).to.deep.equal([2, 5]);
      await rig.pass();
      expect(got).to.deep.equal(["a1truehi\r\n", "\r\n", "2.5\r\n"]);
    });

    it('makes one message "hi\\r\\n" of println("hi")', async () => {
      expect(device.println("hi")).to.equal(4);
      await rig.pass();
      expect(got).to.deep.equal(["hi\r\n"]);
    });

    it("counts bytes, as UTF-8", async () => {
      expect(device.print("é€")).to.equal(5);
      device.flush();
      await rig.pass();
      expect(got).to.deep.equal(["é€"]);
    });

    it("sends at 452 bytes, on flush, and before any send", async () => {
      device.print("x".repeat(452));
      device.print("a");
      device.flush();
      device.flush();
      device.print("b");
      device.send("c");
      device.print("d");
      await rig.until(device.sendAsync("e"));
      await rig.pass();
      expect(got).to.deep.equal(["x".repeat(452), "a", "b", "c", "d", "e"]);
    });

    it("writes bytes and a single byte", async () => {
      expect([device.write(0x41), device.write(bytesOf("BC")), device.write("\n")]).to.deep.equal([1, 2, 1]);
      await rig.pass();
      expect(got).to.deep.equal(["ABC\n"]);
      expect(() => device.write({} as unknown as string)).to.throw(TypeError);
    });

    it("counts 0 offline, and forgets what an old session had not sent", async () => {
      const idle = rig.usmp();
      expect([idle.print("x"), idle.println("x"), idle.write(1), idle.println()]).to.deep.equal([0, 0, 0, 0]);
      idle.flush();
      device.print("half");
      rig.network.cut();
      await rig.pass();
      expect(device.println("lost")).to.equal(0);
      await rig.pass(FIRST_WINDOW_MS);
      device.println("whole");
      await rig.pass();
      expect(got).to.deep.equal(["whole\r\n"]);
    });

    it("is sent before close", async () => {
      device.print("last words");
      await rig.until(device.close());
      expect(got).to.deep.equal(["last words"]);
    });
  });

  describe("receiving", () => {
    it("gives a Buffer of one's own and its length, for one frame and for four", async () => {
      const seen: unknown[] = [];
      const kept: Uint8Array[] = [];
      device.onMessage((data, length) => {
        seen.push(Buffer.isBuffer(data), data.toString().length, length);
        kept.push(data);
      });
      await tell("x".repeat(452), "y".repeat(453), "z".repeat(1_808));
      expect(seen).to.deep.equal([true, 452, 452, true, 453, 453, true, 1_808, 1_808]);
      expect(kept.map((data) => String.fromCharCode(data[0]!)).join("")).to.equal("xyz");
    });

    it("keeps what arrives before a handler is set, and gives it in order, not within the setter", async () => {
      await tell("1", "2");
      const heard: string[] = [];
      device.onMessage((data) => void heard.push(data.toString()));
      expect(heard).to.deep.equal([]);
      await tell("3");
      expect(heard).to.deep.equal(["1", "2", "3"]);
    });

    it("does so for on and once, too", async () => {
      await tell("1", "2", "3");
      const heard: string[] = [];
      device.once("message", (data) => void heard.push(`once ${data.toString()}`));
      await rig.pass();
      expect(heard).to.deep.equal(["once 1"]);
      device.on("message", (data) => void heard.push(`on ${data.toString()}`));
      await rig.pass();
      expect(heard).to.deep.equal(["once 1", "on 2", "on 3"]);
    });

    it("has available and read in three forms", async () => {
      expect([device.available(), device.read(), device.read(new Uint8Array(4)), device.readString()]).to.deep.equal([
        false,
        null,
        0,
        "",
      ]);
      await tell("first", "second", "thîrd", "");
      expect(device.available()).to.equal(true);
      expect(device.read()!.toString()).to.equal("first");
      const into = new Uint8Array(4);
      expect([device.read(into), new TextDecoder().decode(into)]).to.deep.equal([4, "seco"]);
      expect(device.readString()).to.equal("thîrd");
      expect([device.available(), device.read()!.length, device.available()]).to.deep.equal([true, 0, false]);
    });

    it("keeps each message for one reader only", async () => {
      const events = record(device);
      await tell("to the callback");
      expect(events).to.deep.equal(["message to the callback"]);
      expect(device.available()).to.equal(false);
    });

    it("drops the oldest until somebody is interested, so that a device that only sends never stalls", async () => {
      const only = await rig.device({ maxUnreadMessages: 4 });
      const session = gateway.session(only.deviceId())!;
      for (let number = 0; number < 10; number++) {
        expect(session.send(String(number))).to.equal(true);
        await rig.pass();
      }
      expect(only.send("still sending")).to.equal(true);
      let text = "";
      while (only.available()) text += only.readString();
      expect(text).to.equal("6789");
    });

    it("stops the sender once somebody is interested, and loses nothing", async () => {
      const reader = await rig.device({ maxUnreadMessages: 4 });
      const session = gateway.session(reader.deviceId())!;
      expect(reader.available()).to.equal(false);
      for (let number = 0; number < 30; number++) {
        session.send(String(number % 10));
        await rig.pass();
      }
      let text = "";
      for (let turn = 0; turn < 30; turn++) {
        text += reader.readString();
        await rig.pass();
      }
      expect(text).to.equal("0123456789".repeat(3));
    });

    it("holds everything back between pause and resume", async () => {
      const events = record(device);
      device.pause();
      await tell("1", "2");
      expect(events).to.deep.equal([]);
      device.resume();
      await rig.pass();
      await tell("3");
      expect(events).to.deep.equal(["message 1", "message 2", "message 3"]);
    });

    it("stays paused over a reconnect", async () => {
      const events = record(device);
      device.pause();
      await tell("1");
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
      await tell("2");
      expect(events).to.deep.equal(["disconnect TRANSPORT", "reconnect", "connect"]);
      device.resume();
      await rig.pass();
      // What a paused device had not read was on the broken link, and its loss was told.
      expect(events.slice(3)).to.deep.equal(["message 2"]);
    });

    it("calls nothing after close() of what waited by then: it can be read, or comes with the next session", async () => {
      await tell("1", "2", "3");
      const events = record(device);
      device.onMessage((data) => {
        events.push(data.toString());
        if (events.length === 1) void device.close();
      });
      await rig.pass(5_000);
      device.onMessage((data) => void events.push(data.toString()));
      await rig.pass();
      expect(events).to.deep.equal(["1", "disconnect CLOSED"]);
      expect(device.readString()).to.equal("2");
      await rig.connect(device);
      await tell("4");
      expect(events).to.deep.equal(["1", "disconnect CLOSED", "connect", "3", "4"]);
    });

    it("keeps the order of a message and the end behind it", async () => {
      const events = record(device);
      gateway.broadcast("last");
      await rig.until(gateway.close());
      expect(events.slice(0, 2)).to.deep.equal(["message last", "disconnect BYE"]);
    });
  });

  it("carries 2,000 messages of random sizes both ways through random cuts, in order", async () => {
    rig.network.conditions = {
      toAcceptor: { latencyMs: 3, jitterMs: 5, split: true },
      toDialer: { latencyMs: 3, jitterMs: 5, split: true },
    };
    const heard: string[] = [];
    device.onMessage((data) => void heard.push(data.toString()));
    const texts = Array.from({ length: 1_000 }, (_, index) => `${index}:`.padEnd((index * 7_919) % 1_808, "."));
    const sent = Promise.all(texts.map((text) => device.sendAsync(text)));
    for (const text of texts) {
      while (gateway.broadcast(text) === 0) await rig.pass(1);
    }
    await rig.until(sent);
    await rig.pass(1_000);
    expect(got).to.deep.equal(texts);
    expect(heard).to.deep.equal(texts);
  });
});

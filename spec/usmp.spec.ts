import { getEventListeners } from "node:events";
import { inspect } from "node:util";

import { expect } from "chai";
import sinon from "sinon";

import type { UsmpError } from "../lib/errors.js";
import type { UsmpSession } from "../lib/session/session.js";
import { TcpTransport } from "../lib/transport/tcp.js";
import type { Dialer } from "../lib/transport/transport.js";
import { Usmp } from "../lib/usmp.js";
import { FacadeRig, FIRST_WINDOW_MS, PSK, record, rejectionOf, thrownBy } from "./support/facade-rig.js";

describe("Usmp", () => {
  let rig: FacadeRig;

  beforeEach(() => {
    rig = new FacadeRig();
  });

  afterEach(async () => {
    sinon.restore();
    await rig.end();
  });

  describe("constructor", () => {
    const refusal = (options: Record<string, unknown>, psk: unknown = PSK): UsmpError =>
      thrownBy(() => new Usmp(psk as string, options));

    it("refuses a key of 15 bytes with INVALID_ARG, the length and the limit, never the key", () => {
      for (const psk of ["fifteen bytes!!", new TextEncoder().encode("fifteen bytes!!"), { "*": "fifteen bytes!!" }]) {
        const error = refusal({}, psk);
        expect(error).to.include({ code: "INVALID_ARG", errno: -1 });
        expect(error.message).to.contain("15 bytes").and.to.contain("16");
        expect(inspect(error)).to.not.contain("fifteen");
      }
    });

    it("refuses what is no key at all", () => {
      for (const psk of [undefined, null, 42, true, {}, new Map()]) {
        expect(thrownBy(() => new Usmp(psk as string)).code, inspect(psk)).to.equal("INVALID_ARG");
      }
    });

    const BAD: readonly (readonly [string, Record<string, unknown>])[] = [
      ["cipher", { cipher: "rot13" }],
      ["handshakeTimeoutMs", { handshakeTimeoutMs: 0 }],
      ["keepaliveMs", { keepaliveMs: -1 }],
      ["pongTimeoutMs", { pongTimeoutMs: NaN }],
      ["maxUnreadMessages", { maxUnreadMessages: 0 }],
      ["closeTimeoutMs", { closeTimeoutMs: "1000" }],
      ["deviceId", { deviceId: "24:0a" }],
      ["reconnect.minDelayMs", { reconnect: { minDelayMs: -1 } }],
      ["reconnect.maxDelayMs", { reconnect: { maxDelayMs: 1 } }],
      ["reconnect.maxAttempts", { reconnect: { maxAttempts: 0 } }],
      ["sessionTimeoutMs", { sessionTimeoutMs: -1 }],
      ["maxSessions", { maxSessions: 0 }],
      ["maxSessionsPerAddress", { maxSessionsPerAddress: "many" }],
    ];
    for (const [name, options] of BAD) {
      it(`refuses a bad ${name} with INVALID_ARG, naming it`, () => {
        const error = refusal(options);
        expect(error.code).to.equal("INVALID_ARG");
        expect(error.message).to.contain(name);
        expect(inspect(error)).to.not.contain(PSK);
      });
    }

    it("takes undefined for an option as not given, and does nothing else", () => {
      const usmp = new Usmp(PSK, { keepaliveMs: undefined, reconnect: undefined });
      expect([usmp.state(), usmp.alive(), usmp.connected(), usmp.sessionId(), usmp.deviceId()]).to.deep.equal([
        "idle",
        false,
        false,
        "",
        "",
      ]);
      expect([usmp.lastError(), usmp.lastErrorString()]).to.deep.equal([null, "no error"]);
    });

    it("never shows its key", () => {
      expect(inspect(new Usmp(PSK), { depth: 10, showHidden: true })).to.not.contain(PSK);
      expect(JSON.stringify(new Usmp(PSK))).to.not.contain(PSK);
    });
  });

  describe("Usmp.TCP and Usmp.hex", () => {
    it("gives a TCP transport, on port 9000 where none is said", () => {
      const tcp = Usmp.TCP("192.168.1.100");
      expect(tcp).to.be.instanceOf(TcpTransport);
      expect([tcp.host, tcp.port, tcp.describe()]).to.deep.equal(["192.168.1.100", 9000, "tcp 192.168.1.100:9000"]);
      expect(Usmp.TCP("::1", 9100).port).to.equal(9100);
    });

    it("takes wifi() as on the board, and goes on with the same transport", () => {
      const tcp = Usmp.TCP("192.168.1.100");
      expect(tcp.wifi("ssid", "password")).to.equal(tcp);
    });

    it("refuses an option that there is not, also one of reconnect, with INVALID_ARG", () => {
      for (const options of [{ polld: true }, { reconnect: { minDelay: 5 } }]) {
        expect(thrownBy(() => new Usmp(PSK, options as object)).code).to.equal("INVALID_ARG");
      }
    });

    it("refuses a host with its port in it, and a URL, with INVALID_ARG", () => {
      for (const host of ["192.168.1.100:9000", "tcp://192.168.1.100"]) {
        expect(thrownBy(() => Usmp.TCP(host)).message, host).to.contain("port is an argument of its own");
      }
      expect(Usmp.TCP("::1").host).to.equal("::1");
    });

    it("refuses a bad host or port with INVALID_ARG", () => {
      expect(thrownBy(() => Usmp.TCP("")).code).to.equal("INVALID_ARG");
      expect(thrownBy(() => Usmp.TCP("host", 65_536)).code).to.equal("INVALID_ARG");
    });

    it("decodes hex keys, while a plain string is its text", async () => {
      const text = "00112233445566778899aabbccddeeff";
      const key = Usmp.hex(text);
      expect([...key.subarray(0, 3), key.length]).to.deep.equal([0x00, 0x11, 0x22, 16]);
      await rig.gateway({}, text);
      const device = rig.usmp({}, key);
      expect(await rig.until(device.begin(rig.dialer()))).to.equal(false);
      expect(device.lastError()?.errno).to.equal(-3);
      const same = rig.usmp({}, new TextEncoder().encode(text));
      expect(await rig.until(same.begin(rig.dialer()))).to.equal(true);
    });

    it("refuses what is no hex, without repeating it", () => {
      for (const digits of ["abc", "zz", "", "00 11"]) {
        expect(thrownBy(() => Usmp.hex(digits)).code).to.equal("INVALID_ARG");
      }
      expect(thrownBy(() => Usmp.hex("secret!!")).message).to.not.contain("secret");
    });
  });

  describe("callbacks", () => {
    it("run onConnect alone for the first session of a life, and onReconnect before it for each later one", async () => {
      await rig.gateway();
      const device = rig.usmp();
      const events = record(device);
      await rig.connect(device);
      expect(events).to.deep.equal(["connect"]);
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
      expect(await rig.until(device.reconnect())).to.equal(true);
      expect(events).to.deep.equal([
        "connect",
        "disconnect TRANSPORT",
        "reconnect",
        "connect",
        "disconnect CLOSED",
        "reconnect",
        "connect",
      ]);
    });

    it("replace one another, and null clears them", async () => {
      const { gateway, device } = await rig.pair();
      const heard: string[] = [];
      device.onMessage(() => void heard.push("first"));
      device.onMessage(() => void heard.push("second"));
      gateway.broadcast("x");
      await rig.pass();
      expect(heard).to.deep.equal(["second"]);
      device.onMessage(null);
      gateway.broadcast("y");
      await rig.pass();
      expect(heard).to.deep.equal(["second"]);
      expect(device.readString()).to.equal("y");
      for (const event of ["onConnect", "onReconnect", "onDisconnect", "onError"] as const) {
        device[event](() => void heard.push(event));
        device[event](null);
      }
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
      expect(heard).to.deep.equal(["second"]);
    });

    it("refuse what is no function with a TypeError", () => {
      const usmp = rig.usmp();
      for (const bad of ["text", 42, {}, undefined]) {
        expect(() => usmp.onMessage(bad as unknown as null)).to.throw(TypeError, "message");
      }
    });

    it("stand beside any number of listeners, which come after them", async () => {
      await rig.gateway();
      const device = rig.usmp();
      const heard: string[] = [];
      const second = (): void => void heard.push("second");
      device.on("connect", () => void heard.push("first"));
      device.on("connect", second);
      device.once("connect", () => void heard.push("once"));
      device.onConnect(() => void heard.push("callback"));
      await rig.connect(device);
      expect(heard).to.deep.equal(["callback", "first", "second", "once"]);
      heard.length = 0;
      device.off("connect", second);
      await rig.until(device.reconnect());
      expect(heard).to.deep.equal(["callback", "first"]);
    });

    it("get the session and the reason", async () => {
      await rig.gateway();
      const device = rig.usmp();
      const got: unknown[] = [];
      device.onConnect((session) => void got.push(session.sessionId));
      device.onDisconnect((reason, session) => void got.push(reason.code, session.sessionId, device.sessionId()));
      await rig.connect(device);
      const id = device.sessionId();
      expect(id).to.match(/^[0-9a-f]{32}$/);
      await rig.until(device.close());
      expect(got).to.deep.equal([id, "CLOSED", id, ""]);
    });

    for (const [what, callback] of [
      [
        "throws",
        (): void => {
          throw new Error("a bug of the user's");
        },
      ],
      ["rejects", (): Promise<void> => Promise.reject(new Error("a bug of the user's"))],
    ] as const) {
      it(`that one ${what} breaks nothing and reaches "error" once`, async () => {
        const { gateway, device } = await rig.pair();
        const errors: UsmpError[] = [];
        device.on("error", (error) => void errors.push(error));
        let heard = 0;
        device.onMessage(callback);
        device.on("message", () => heard++);
        gateway.broadcast("one");
        gateway.broadcast("two");
        await rig.pass();
        expect(heard).to.equal(2);
        expect(errors.map(({ code }) => code)).to.deep.equal(["HANDLER", "HANDLER"]);
        expect(errors[0]!.cause).to.be.an("error").with.property("message", "a bug of the user's");
        device.onConnect(callback);
        device.onReconnect(callback);
        device.onDisconnect(callback);
        expect(await rig.until(device.reconnect())).to.equal(true);
        expect(errors).to.have.lengthOf(5);
        expect(device.send("still here")).to.equal(true);
      });

      it(`that one ${what} becomes one process warning where nobody listens for "error"`, async () => {
        const warn = sinon.stub(process, "emitWarning");
        await rig.gateway();
        const device = rig.usmp();
        device.onConnect(callback);
        await rig.connect(device);
        await rig.pass();
        expect(warn.callCount).to.equal(1);
        expect(warn.firstCall.args[0]).to.include({ code: "HANDLER" });
      });

      it(`that an error callback ${what} does not go round in circles`, async () => {
        const warn = sinon.stub(process, "emitWarning");
        const device = rig.usmp({ reconnect: false });
        let calls = 0;
        device.onError(() => {
          calls++;
          return callback();
        });
        expect(await rig.until(device.begin(rig.dialer()))).to.equal(false);
        await rig.pass();
        expect(calls).to.equal(2);
        expect(warn.callCount).to.equal(1);
      });
    }
  });

  describe("begin", () => {
    it("resolves true after onConnect has run", async () => {
      await rig.gateway();
      const device = rig.usmp();
      const order: string[] = [];
      device.onConnect(() => void order.push("connect"));
      await rig.until(device.begin(rig.dialer()).then((result) => order.push(`begin ${result}`)));
      expect(order).to.deep.equal(["connect", "begin true"]);
      expect([device.state(), device.alive(), device.connected()]).to.deep.equal(["established", true, true]);
    });

    it("resolves false while the gateway is away, says why, and comes back once it is there", async () => {
      const device = rig.usmp();
      const events = record(device);
      expect(await rig.until(device.begin(rig.dialer()))).to.equal(false);
      expect([device.lastError()?.errno, device.state()]).to.deep.equal([-2, "backoff"]);
      expect(device.lastErrorString()).to.match(/^TRANSPORT: /);
      expect(events).to.deep.equal(["error TRANSPORT"]);
      await rig.gateway();
      await rig.pass(FIRST_WINDOW_MS);
      expect(events).to.deep.equal(["error TRANSPORT", "connect"]);
    });

    it("gives false for a bad argument, at once and for good", async () => {
      const device = rig.usmp();
      for (const bad of [undefined, null, "192.168.1.100", {}]) {
        expect(await device.begin(bad as Dialer)).to.equal(false);
        expect([device.lastError()?.errno, device.state()]).to.deep.equal([-1, "idle"]);
        expect(device.lastErrorString()).to.contain("Usmp.TCP");
      }
      expect(await rig.until(device.begin(Usmp.TCP("127.0.0.1", 0)))).to.equal(false);
      expect([device.lastError()?.errno, device.state()]).to.deep.equal([-1, "closed"]);
      rig.expectNothingLeft();
    });

    it("does not try again with reconnect: false", async () => {
      await rig.gateway();
      const device = await rig.device({ reconnect: false });
      const events = record(device);
      rig.network.cut();
      await rig.pass(120_000);
      expect(events).to.deep.equal(["disconnect TRANSPORT"]);
      expect(device.state()).to.equal("closed");
      expect(await device.reconnect()).to.equal(false);
      await rig.connect(device);
      expect(events).to.deep.equal(["disconnect TRANSPORT", "connect"]);
    });

    it("is legal twice at once: the first gives false, and there is one session", async () => {
      const gateway = await rig.gateway();
      const device = rig.usmp();
      const events = record(device);
      const results = await rig.until(Promise.all([device.begin(rig.dialer()), device.begin(rig.dialer())]));
      expect(results).to.deep.equal([false, true]);
      expect(events).to.deep.equal(["connect"]);
      expect(gateway.sessions()).to.have.lengthOf(1);
    });

    it("starts a new life from within a session", async () => {
      const { device } = await rig.pair();
      const events = record(device);
      expect(await rig.until(device.begin(rig.dialer()))).to.equal(true);
      expect(events).to.deep.equal(["disconnect CLOSED", "connect"]);
    });

    it("does it all by itself as beginAsync", async () => {
      await rig.gateway();
      const device = rig.usmp();
      const events = record(device);
      expect(device.beginAsync(rig.dialer())).to.equal(undefined);
      expect(device.state()).to.equal("opening");
      await rig.pass();
      expect(events).to.deep.equal(["connect"]);
      device.beginAsync(undefined as unknown as Dialer);
      await rig.pass();
      expect(device.lastError()?.errno).to.equal(-1);
    });

    it("suits sketches that wake, send and stop, and that try in a loop", async () => {
      const device = rig.usmp();
      const got: string[] = [];
      const sketch = async (): Promise<void> => {
        while (!(await device.begin(rig.dialer()))) {
          await new Promise<void>((resolve) => rig.clock.after(5_000, resolve));
        }
        device.send("reading");
        await device.close();
      };
      const done = sketch();
      await rig.pass(7_000);
      const gateway = await rig.gateway();
      gateway.onMessage((data) => void got.push(Buffer.from(data).toString()));
      await rig.until(done);
      await rig.until(sketch());
      expect(got).to.deep.equal(["reading", "reading"]);
      expect(device.state()).to.equal("closed");
    });

    it("of a life that onConnect closes resolves true", async () => {
      await rig.gateway();
      const device = rig.usmp();
      device.onConnect(() => {
        device.send("reading");
        void device.close();
      });
      expect(await rig.until(device.begin(rig.dialer()))).to.equal(true);
    });
  });

  describe("reconnect as a function", () => {
    it("says how long to wait, from the number of failures and the last error", async () => {
      const asked: string[] = [];
      const usmp = rig.usmp({ reconnect: (attempt, { code }) => (asked.push(`${attempt} ${code}`), attempt * 100) });
      expect(await rig.until(usmp.begin(rig.dialer()))).to.equal(false);
      await rig.pass(100);
      await rig.pass(200);
      expect(asked).to.deep.equal(["1 TRANSPORT", "2 TRANSPORT", "3 TRANSPORT"]);
    });
  });

  describe("begin with a signal", () => {
    it("ends the life when it aborts, in a session as in backoff", async () => {
      const { gateway } = await rig.pair();
      for (const alive of [true, false]) {
        if (!alive) await rig.until(gateway.close());
        const usmp = rig.usmp();
        const reasons: string[] = [];
        usmp.onDisconnect(({ code }) => void reasons.push(code));
        const abort = new AbortController();
        expect(await rig.until(usmp.begin(rig.dialer(), { signal: abort.signal }))).to.equal(alive);
        abort.abort();
        await rig.pass(1_000);
        expect([usmp.state(), reasons]).to.deep.equal(["closed", alive ? ["CLOSED"] : []]);
        expect(getEventListeners(abort.signal, "abort")).to.deep.equal([]);
      }
    });

    it("gives false with CLOSED where it has aborted already", async () => {
      const usmp = rig.usmp();
      expect(await usmp.begin(rig.dialer(), { signal: AbortSignal.abort() })).to.equal(false);
      expect([usmp.lastErrorString().split(":")[0], usmp.state()]).to.deep.equal(["CLOSED", "idle"]);
    });

    it("still ends its life after a begin() that came to nothing", async () => {
      await rig.gateway();
      const device = rig.usmp();
      const abort = new AbortController();
      await rig.until(device.begin(rig.dialer(), { signal: abort.signal }));
      expect(await device.begin("nowhere" as unknown as ReturnType<typeof rig.dialer>)).to.equal(false);
      expect(device.alive()).to.equal(true);
      abort.abort();
      await rig.pass(1_000);
      expect(device.state()).to.equal("closed");
    });

    it("does not end a later life", async () => {
      const { device } = await rig.pair();
      const abort = new AbortController();
      await rig.until(device.begin(rig.dialer(), { signal: abort.signal }));
      await rig.until(device.begin(rig.dialer()));
      abort.abort();
      await rig.pass(1_000);
      expect(device.alive()).to.equal(true);
    });
  });

  describe("a wrong key", () => {
    it("is an error event and lastError -3 as soon as the wire shows it, and retried at the cap (case 60)", async () => {
      await rig.gateway();
      const device = rig.usmp({}, "another key of more than sixteen bytes");
      const events = record(device);
      expect(await rig.until(device.begin(rig.dialer()))).to.equal(false);
      expect(rig.clock.now()).to.be.lessThan(100);
      expect([device.lastError()?.errno, events]).to.deep.equal([-3, ["error AUTH"]]);
      expect(device.lastErrorString())
        .to.match(/^AUTH: /)
        .and.to.not.contain("another key");
      await rig.pass(29_000);
      expect(events).to.have.lengthOf(1);
      await rig.pass(271_000);
      // The eleventh comes while the gateway has locked it out, which ends before CHALLENGE.
      expect(events).to.deep.equal([...Array.from({ length: 10 }, () => "error AUTH"), "error TRANSPORT"]);
    });
  });

  describe("a lost session", () => {
    it("is told once with BYE when the gateway closes, and comes back when it listens again", async () => {
      const gateway = await rig.gateway();
      const device = await rig.device();
      const events = record(device);
      await rig.until(gateway.close());
      await rig.until(gateway.listen(rig.acceptor()));
      await rig.pass(10_000);
      expect(events.filter((event) => !event.startsWith("error"))).to.deep.equal([
        "disconnect BYE",
        "reconnect",
        "connect",
      ]);
      expect(events[0]).to.equal("disconnect BYE");
    });

    it("is noticed within two keepalive intervals behind a frozen cable (case 70)", async () => {
      const { device } = await rig.pair();
      const events = record(device);
      await rig.pass(45_000);
      rig.network.freeze();
      for (let seconds = 0; seconds < 60; seconds++) {
        device.send("reading");
        await rig.pass(1_000);
      }
      expect(events[0]).to.equal("disconnect TIMEOUT");
      expect(device.alive()).to.equal(false);
      rig.network.thaw();
      await rig.pass(10_000);
      expect(events.slice(-2)).to.deep.equal(["reconnect", "connect"]);
    });

    it("has each onDisconnect after its onConnect, however often it is cut", async () => {
      await rig.gateway();
      const device = rig.usmp({ reconnect: { minDelayMs: 1, maxDelayMs: 20 } });
      const events = record(device);
      await rig.connect(device);
      for (let cut = 0; cut < 20; cut++) {
        rig.network.cut();
        await rig.pass(cut % 3 === 0 ? 0 : 21);
      }
      await rig.until(device.close());
      const told = events.filter((event) => !event.startsWith("error"));
      const connects = told.filter((event) => event === "connect").length;
      expect(told.filter((event) => event.startsWith("disconnect"))).to.have.lengthOf(connects);
      expect(told.join(",")).to.match(/^connect,disconnect \w+(,reconnect,connect,disconnect \w+)*$/);
      expect(connects).to.be.greaterThan(5);
    });
  });

  describe("reconnect", () => {
    it("is false with NOT_CONNECTED before begin and after close", async () => {
      await rig.gateway();
      const device = rig.usmp();
      expect(await device.reconnect()).to.equal(false);
      expect(device.lastError()?.errno).to.equal(-9);
      await rig.connect(device);
      await rig.until(device.close());
      expect(await device.reconnect()).to.equal(false);
      expect(device.lastErrorString()).to.match(/^NOT_CONNECTED: /);
    });

    it("dials at once in backoff", async () => {
      const device = rig.usmp();
      await rig.until(device.begin(rig.dialer()));
      expect(device.state()).to.equal("backoff");
      await rig.gateway();
      const before = rig.clock.now();
      expect(await rig.until(device.reconnect())).to.equal(true);
      expect(rig.clock.now()).to.equal(before);
    });

    it("is legal while begin is under way, even before the cryptography has loaded", async () => {
      await rig.gateway();
      const device = new Usmp(PSK, { clock: rig.clock });
      const begun = device.begin(rig.dialer());
      const again = device.reconnect();
      expect(await rig.until(Promise.all([begun, again]))).to.deep.equal([false, true]);
      await rig.until(device.close());
    });
  });

  describe("close", () => {
    it("tells onDisconnect CLOSED once, before it resolves, and nothing afterwards", async () => {
      const { device, gateway } = await rig.pair();
      const events = record(device);
      gateway.broadcast("on its way");
      await rig.until(device.close().then(() => events.push("closed")));
      await rig.pass(120_000);
      expect(events).to.deep.equal(["disconnect CLOSED", "closed"]);
      expect([device.state(), device.alive(), device.send("x"), device.lastError()?.errno]).to.deep.equal([
        "closed",
        false,
        false,
        -9,
      ]);
    });

    it("leaves nothing, in any state and twice", async () => {
      const gateway = await rig.gateway();
      for (const name of [undefined, "nobody"]) {
        for (const wait of [false, true]) {
          const device = rig.usmp();
          const begun = device.begin(rig.dialer(name));
          if (wait) await rig.until(begun);
          await rig.until(Promise.all([device.close(), device.close()]));
          expect(await begun).to.equal(wait && name === undefined);
          await rig.until(device.close());
        }
      }
      await rig.until(gateway.close());
      rig.expectNothingLeft();
    });

    it("is safe on a facade that never began", async () => {
      const usmp = new Usmp(PSK);
      await usmp.close();
      expect(usmp.alive()).to.equal(false);
    });

    it("is bounded behind a frozen cable", async () => {
      const { device } = await rig.pair();
      rig.network.freeze();
      const before = rig.clock.now();
      await rig.until(device.close());
      expect(rig.clock.now() - before).to.be.at.most(1_500);
    });

    it("begins afresh afterwards: onConnect without onReconnect, with another session id and the same device id", async () => {
      const { device } = await rig.pair();
      const [deviceId, sessionId] = [device.deviceId(), device.sessionId()];
      await rig.until(device.close());
      const events = record(device);
      await rig.connect(device);
      expect(events).to.deep.equal(["connect"]);
      expect(device.deviceId()).to.equal(deviceId);
      expect(device.sessionId()).to.not.equal(sessionId);
    });

    for (const event of ["onConnect", "onReconnect", "onMessage", "onDisconnect", "onError"] as const) {
      it(`may be awaited within ${event}`, async () => {
        const gateway = await rig.gateway();
        const device = rig.usmp({ reconnect: { minDelayMs: 10, maxDelayMs: 10 } });
        let closed = 0;
        device[event](async () => {
          await device.close();
          closed++;
        });
        void device.begin(rig.dialer());
        await rig.pass();
        gateway.broadcast("hello");
        await rig.pass();
        rig.network.cut();
        await rig.pass(10);
        if (event === "onError") {
          const dialer = rig.dialer("nobody");
          void device.begin(dialer);
        }
        await rig.pass(120_000);
        expect([closed > 0, device.state()]).to.deep.equal([true, "closed"]);
      });
    }

    it("is what Symbol.asyncDispose does", async () => {
      const { device } = await rig.pair();
      const events = record(device);
      await rig.until(device[Symbol.asyncDispose]());
      expect(events).to.deep.equal(["disconnect CLOSED"]);
    });
  });

  describe("deviceId and sessionId", () => {
    it("are the id that was given, at once", () => {
      expect(new Usmp(PSK, { deviceId: "24:0A:C4:01:02:03" }).deviceId()).to.equal("24:0a:c4:01:02:03");
    });

    it("are random per facade and stay over reconnects, while the session's changes", async () => {
      const gateway = await rig.gateway();
      const [device, other] = [await rig.device(), await rig.device()];
      const id = device.deviceId();
      expect(parseInt(id.slice(0, 2), 16) & 0x03).to.equal(0x02);
      expect(id).to.not.equal(other.deviceId());
      const first = device.sessionId();
      await rig.until(device.reconnect());
      expect(device.deviceId()).to.equal(id);
      expect(device.sessionId()).to.not.equal(first);
      // Neither of two facades with random ids ends the other's session.
      expect(other.alive()).to.equal(true);
      expect(gateway.sessions().map(({ deviceId }) => deviceId)).to.have.members([id, other.deviceId()]);
    });
  });

  describe("ping and rekey", () => {
    it("give the round trip, and go on under new keys", async () => {
      const { gateway, device } = await rig.pair();
      rig.network.conditions = { toAcceptor: { latencyMs: 30 }, toDialer: { latencyMs: 40 } };
      const asked = device.ping();
      await rig.pass(70);
      expect(await asked).to.equal(70);
      await rig.until(device.rekey());
      const got: string[] = [];
      gateway.onMessage((data) => void got.push(Buffer.from(data).toString()));
      device.send("under new keys");
      await rig.pass(100);
      expect(got).to.deep.equal(["under new keys"]);
    });

    it("reject with TIMEOUT where nobody answers, and with the reason where the session ends", async () => {
      const { device } = await rig.pair();
      rig.network.freeze();
      const late = rejectionOf(device.ping({ timeoutMs: 500 }));
      await rig.pass(500);
      expect((await late).code).to.equal("TIMEOUT");
      const pending = rejectionOf(device.ping());
      rig.network.cut();
      await rig.pass();
      expect((await pending).code).to.equal("TRANSPORT");
    });

    it("reject with NOT_CONNECTED without a session", async () => {
      const usmp = rig.usmp();
      expect((await rejectionOf(usmp.ping())).code).to.equal("NOT_CONNECTED");
      expect((await rejectionOf(usmp.rekey())).code).to.equal("NOT_CONNECTED");
    });
  });

  it("never attributes an old session's message to a new one", async () => {
    const { gateway, device } = await rig.pair();
    gateway.broadcast("old");
    await rig.pass();
    const old = device.sessionId();
    await rig.until(device.reconnect());
    const got: unknown[] = [];
    device.onMessage((data, length, session: UsmpSession) =>
      got.push(data.toString(), length, session.sessionId === old),
    );
    await rig.pass();
    gateway.broadcast("new");
    await rig.pass();
    expect(got).to.deep.equal(["old", 3, true, "new", 3, false]);
  });
});

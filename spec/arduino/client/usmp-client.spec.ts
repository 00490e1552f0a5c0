import { expect } from "chai";
import {
  USMP_ERR_AUTH_FAILED,
  USMP_ERR_BUFFER_OVERFLOW,
  USMP_ERR_INVALID_ARG,
  USMP_ERR_NOT_CONNECTED,
  USMP_ERR_TRANSPORT_FAILED,
  USMP_OK,
  USMP_STATE_AWAITING_SESSION_OK,
  USMP_STATE_CONNECTING_SOCKET,
  USMP_STATE_ERROR,
  USMP_STATE_ESTABLISHED,
  USMP_STATE_IDLE,
} from "../../../lib/arduino/client/constants.js";
import { USMPClient } from "../../../lib/arduino/client/usmp-client.js";
import { USMP } from "../../../lib/arduino/client/usmp.js";
import { delay } from "../../../lib/arduino/time.js";
import { ArduinoString } from "../../../lib/arduino/text/arduino-string.js";
import { HEX } from "../../../lib/arduino/text/number-base.js";
import { WiFi } from "../../../lib/arduino/wifi/wifi.js";
import { TestGateway } from "../../../lib/testing/test-gateway.js";
import { VirtualBoard } from "../../../lib/testing/virtual-board.js";
import { PSK, SketchRig, TCP, UDP, type SketchRigOptions } from "../../support/sketch-rig.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("USMPClient", () => {
  let rig: SketchRig;

  /** A sketch that has begun. */
  async function running(options: SketchRigOptions = {}): Promise<USMPClient> {
    rig = await new SketchRig(options).start();
    return rig.usmp;
  }

  afterEach(async () => {
    expect(await rig.end()).to.equal(0);
    expect(rig.misplaced).to.deep.equal([]);
  });

  describe("the constructor", () => {
    const KEY = bytes(`${PSK} and more`);
    const forms: [form: string, client: () => USMPClient][] = [
      ["text", () => new USMPClient(PSK)],
      ["a String", () => new USMPClient(new ArduinoString(PSK))],
      ["bytes and their number", () => new USMPClient(KEY, PSK.length)],
      ["text and a buffer", () => new USMPClient(PSK, new Uint8Array(64), 64)],
      ["bytes, their number and a buffer", () => new USMPClient(KEY, PSK.length, new Uint8Array(64), 64)],
    ];
    for (const [form, client] of forms) {
      it(`takes ${form}`, async () => {
        await running({ client });
        expect(rig.begun).to.equal(true);
      });
    }

    it("takes a key that is too short: begin() and beginAsync() give false, INVALID_ARG, and never show it", async () => {
      const given: unknown[] = [];
      const usmp = await running({
        client: () => new USMPClient("too short"),
        setup: async (client) => {
          given.push(await client.begin(TCP), client.lastError(), client.beginAsync(TCP), client.lastError());
        },
      });
      expect(given).to.deep.equal([false, USMP_ERR_INVALID_ARG, false, USMP_ERR_INVALID_ARG]);
      expect([usmp.state(), usmp.alive()]).to.deep.equal([USMP_STATE_ERROR, false]);
      expect(usmp.lastErrorString()).to.match(/^INVALID_ARG: .*16/);
      expect(usmp.lastErrorString()).to.not.contain("too short");
    });

    it("says of what is no key that the PSK is none", async () => {
      await running();
      expect(() => new USMPClient(undefined as unknown as string)).to.throw("the PSK is undefined");
    });
  });

  describe("begin", () => {
    it("gives true after onConnect has run", async () => {
      const order: string[] = [];
      await running({
        listens: false,
        setup: async (usmp) => {
          usmp.onConnect(() => void order.push(`onConnect, ${usmp.alive() ? "alive" : "dead"}`));
          order.push(`begin ${await usmp.begin(TCP)}`);
        },
      });
      expect(order).to.deep.equal(["onConnect, alive", "begin true"]);
    });

    it("gives false where nobody answers, says why, and does not try again, as on the board", async () => {
      rig = new SketchRig();
      await rig.gateway.close();
      await rig.start();
      expect([rig.begun, rig.usmp.lastError(), rig.usmp.state()]).to.deep.equal([
        false,
        USMP_ERR_TRANSPORT_FAILED,
        USMP_STATE_IDLE,
      ]);
      expect(rig.usmp.lastErrorString()).to.match(/^TRANSPORT: /);
      await rig.gateway.restart();
      await rig.gateway.expectNothing(600_000);
      expect(rig.gateway.connected).to.equal(false);
    });

    it("may be called again until it succeeds", async () => {
      rig = new SketchRig({
        setup: async (usmp) => {
          while (!(await usmp.begin(TCP))) rig.told.push(`0 failed, ${usmp.lastErrorString().split(":")[0]}`);
        },
      });
      rig.gateway.refuseKey();
      const accepting = rig.gateway.clock.after(100, () => rig.gateway.acceptKey());
      await rig.start();
      accepting.cancel();
      expect(rig.events.slice(0, 3)).to.deep.equal(Array(3).fill("failed, AUTH"));
      expect(rig.events.at(-1)).to.equal("connect");
    });

    it("starts over where there is a session already: onConnect alone, and nothing of the loss", async () => {
      const ids: string[] = [];
      await running({
        setup: async (usmp) => {
          for (let time = 0; time < 2; time++) {
            expect(await usmp.begin(TCP)).to.equal(true);
            ids.push(usmp.sessionId().toString());
          }
        },
      });
      await rig.board.advance(5);
      expect(rig.events).to.deep.equal(["connect", "connect"]);
      expect(new Set(ids).size).to.equal(2);
    });

    it("ends the sketch where it is given no transport", async () => {
      rig = new SketchRig({ setup: (usmp) => void usmp.beginAsync("192.168.1.100" as unknown as typeof TCP) });
      const message = await rig.start().then(
        () => "",
        (error: unknown) => (error as Error).message,
      );
      expect(message).to.contain("setup(): begin() needs USMP.TCP(host) or USMP.UDP(host)");
    });

    it("reaches nobody on a virtual board without a gateway, and says so", async () => {
      rig = new SketchRig();
      const board = new VirtualBoard();
      let said = "";
      await board.start(() => {
        const usmp = new USMPClient(PSK);
        return { setup: async () => void (said = `${await usmp.begin(TCP)} ${usmp.lastErrorString()}`) };
      });
      await board.advance(0);
      expect(said).to.match(/^false TRANSPORT: this virtual board has no gateway/);
      await board.stop();
    });
  });

  describe("beginAsync", () => {
    it("returns at once, and maintain() tells of the session", async () => {
      let started: unknown[] = [];
      const usmp = await running({
        setup: (client) => void (started = [client.beginAsync(TCP), client.alive(), client.isConnecting()]),
      });
      expect(started).to.deep.equal([true, false, true]);
      await rig.board.advance(20);
      expect(rig.events).to.deep.equal(["connect"]);
      expect(rig.told[0]).to.not.match(/^0 /);
      expect(usmp.alive()).to.equal(true);
    });

    for (const [name, transport, state] of [
      ["TCP", TCP, USMP_STATE_IDLE],
      ["UDP", UDP, USMP_STATE_ERROR],
    ] as const) {
      it(`does not try again over ${name} where nobody answers the first attempt, as on the board`, async () => {
        rig = new SketchRig({ setup: (client) => void client.beginAsync(transport) });
        await rig.gateway.close();
        await rig.start();
        await rig.board.advance(20_000);
        const said = [rig.usmp.isConnecting(), rig.usmp.state(), rig.usmp.lastError()];
        expect(said).to.deep.equal([false, state, USMP_ERR_TRANSPORT_FAILED]);
        await rig.gateway.restart();
        await rig.gateway.expectNothing(600_000);
        expect([rig.gateway.connected, rig.events]).to.deep.equal([false, []]);
      });
    }

    for (const isThere of [true, false]) {
      it(`is over when isConnecting() is false, with a gateway ${isThere ? "there" : "not there"}`, async () => {
        rig = new SketchRig({
          setup: async (usmp) => {
            usmp.beginAsync(TCP);
            for (; usmp.isConnecting(); await delay(10)) usmp.maintain();
            rig.told.push(`0 ${usmp.state() === USMP_STATE_ESTABLISHED}`);
          },
        });
        if (!isThere) await rig.gateway.close();
        await rig.start();
        expect(rig.events).to.deep.equal(isThere ? ["connect", "true"] : ["false"]);
      });
    }

    it("tries again where the gateway was reached and refused the key", async () => {
      rig = new SketchRig({ setup: (client) => void client.beginAsync(TCP) });
      rig.gateway.refuseKey();
      await rig.start();
      await rig.board.advance(10_000);
      expect([rig.usmp.state(), rig.usmp.lastError()]).to.deep.equal([USMP_STATE_ERROR, USMP_ERR_AUTH_FAILED]);
      rig.gateway.acceptKey();
      await rig.gateway.waitForSession({ withinMs: 33_000 });
      await rig.board.advance(2);
      expect([rig.events, rig.usmp.lastError()]).to.deep.equal([["connect"], USMP_OK]);
    });

    it("tries again after a first attempt that failed where there was a session before", async () => {
      await running();
      await rig.gateway.close();
      rig.usmp.beginAsync(TCP);
      await rig.board.advance(100);
      expect(rig.usmp.state()).to.equal(USMP_STATE_ERROR);
      await rig.gateway.restart();
      await rig.gateway.waitForSession({ withinMs: 33_000 });
    });
  });

  describe("state", () => {
    it("goes from idle through connecting to established, where alive() holds", async () => {
      const seen: number[] = [];
      const note = (usmp: USMPClient): void => {
        if (seen.at(-1) !== usmp.state()) seen.push(usmp.state());
        expect(usmp.isConnecting()).to.equal([1, 2, 3, 4].includes(usmp.state()));
        expect(usmp.alive()).to.equal(usmp.state() === USMP_STATE_ESTABLISHED);
      };
      await running({
        conditions: { latencyMs: 5 },
        setup: (usmp) => (note(usmp), void usmp.beginAsync(TCP)),
        loop: note,
      });
      await rig.board.advance(100);
      expect(seen).to.deep.equal([USMP_STATE_IDLE, USMP_STATE_CONNECTING_SOCKET, 2, 4, USMP_STATE_ESTABLISHED]);
      expect(seen).to.contain(USMP_STATE_AWAITING_SESSION_OK);
    });

    it("is idle after close()", async () => {
      const usmp = await running();
      usmp.close();
      expect([usmp.state(), usmp.alive(), usmp.lastError()]).to.deep.equal([USMP_STATE_IDLE, false, USMP_OK]);
    });

    it("is an error after a wrong key", async () => {
      rig = new SketchRig();
      rig.gateway.refuseKey();
      await rig.start();
      expect([rig.begun, rig.usmp.state(), rig.usmp.lastError()]).to.deep.equal([
        false,
        USMP_STATE_ERROR,
        USMP_ERR_AUTH_FAILED,
      ]);
    });
  });

  describe("send", () => {
    it("sends text, a String, bytes, and the first of some bytes", async () => {
      const usmp = await running();
      const sent = [
        usmp.send("text é"),
        usmp.send(new ArduinoString("a String")),
        usmp.send(bytes("bytes")),
        usmp.send(bytes("bytes and more"), 5),
        usmp.send(""),
      ];
      expect(sent).to.deep.equal(Array(5).fill(true));
      await rig.board.advance(1);
      expect(rig.gateway.messages.map(({ text }) => text)).to.deep.equal(["text é", "a String", "bytes", "bytes", ""]);
    });

    it("gives false without a session, NOT_CONNECTED, and OK again after one that worked", async () => {
      const usmp = await running({ setup: () => {} });
      expect([usmp.send("lost"), usmp.lastError()]).to.deep.equal([false, USMP_ERR_NOT_CONNECTED]);
      expect(usmp.lastErrorString()).to.match(/^NOT_CONNECTED: .*begin\(\)/);
      usmp.beginAsync(TCP);
      await rig.board.advance(20);
      expect([usmp.send("here"), usmp.lastError(), usmp.lastErrorString()]).to.deep.equal([true, USMP_OK, "no error"]);
      expect(await rig.gateway.next()).to.equal("here");
    });

    it("gives false for 1809 bytes, and the session goes on", async () => {
      const usmp = await running();
      expect([usmp.send(new Uint8Array(1_809)), usmp.lastError()]).to.deep.equal([false, USMP_ERR_BUFFER_OVERFLOW]);
      expect(usmp.send(new Uint8Array(1_808))).to.equal(true);
      expect(await rig.gateway.nextBytes()).to.have.lengthOf(1_808);
    });
  });

  describe("print", () => {
    it("gathers, and sends one message at each newline, on flush() and before send()", async () => {
      const usmp = await running();
      expect([usmp.print("t="), usmp.print(21.456, 1), usmp.println()]).to.deep.equal([2, 4, 2]);
      expect([
        usmp.println(255, HEX),
        usmp.printf("%03d\n", 7),
        usmp.write(0x41),
        usmp.write(bytes("BCD"), 2),
      ]).to.deep.equal([4, 4, 1, 2]);
      usmp.flush();
      usmp.write("before ");
      usmp.send("after");
      await rig.board.advance(1);
      expect(rig.gateway.messages.map(({ text }) => text)).to.deep.equal([
        "t=21.5\r\n",
        "FF\r\n",
        "007\n",
        "ABC",
        "before ",
        "after",
      ]);
    });

    it("takes nothing without a session", async () => {
      const usmp = await running({ setup: () => {} });
      expect([usmp.print("x"), usmp.println("x"), usmp.write(1), usmp.lastError()]).to.deep.equal([
        0,
        0,
        0,
        USMP_ERR_NOT_CONNECTED,
      ]);
    });
  });

  describe("read", () => {
    async function polling(options: SketchRigOptions = {}): Promise<USMPClient> {
      return running({ listens: false, ...options });
    }

    it("gives each message once, as a String, and an empty one where none waits", async () => {
      const usmp = await polling();
      rig.gateway.send("first é");
      rig.gateway.send("second");
      await rig.board.advance(1);
      expect(usmp.available()).to.equal(true);
      const message = usmp.read();
      expect(message).to.be.instanceOf(ArduinoString);
      expect([message.length(), message.toString(), usmp.read().toString()]).to.deep.equal([8, "first é", "second"]);
      expect([usmp.available(), usmp.read().toString()]).to.deep.equal([false, ""]);
    });

    it("copies into a buffer, cut to its length and to maxLen", async () => {
      const usmp = await polling();
      for (const text of ["abcdef", "abcdef", "abc"]) rig.gateway.send(text);
      await rig.board.advance(1);
      const buffer = new Uint8Array(4);
      expect([usmp.read(buffer, 100), Buffer.from(buffer).toString()]).to.deep.equal([4, "abcd"]);
      expect([usmp.read(buffer, 2), usmp.read(buffer), usmp.read(buffer)]).to.deep.equal([2, 3, 0]);
    });

    it("keeps what came before a loss", async () => {
      const usmp = await polling();
      rig.gateway.send("one");
      rig.gateway.send("two");
      await rig.board.advance(1);
      rig.gateway.refuseKey();
      rig.endSession();
      await rig.board.advance(10);
      const read = [usmp.read().toString(), usmp.read().toString(), usmp.alive()];
      await rig.board.advance(5);
      expect([read, usmp.read().toString(), usmp.alive()]).to.deep.equal([["one", "two", true], "", false]);
    });

    it("gives nothing of a new session before maintain() has told of it", async () => {
      const usmp = await polling({ maintains: false });
      rig.endSession();
      await rig.gateway.waitForDisconnect();
      rig.usmp.maintain();
      await rig.gateway.waitForSession();
      rig.gateway.send("new");
      await rig.board.advance(10);
      expect([usmp.available(), usmp.read().toString()]).to.deep.equal([false, ""]);
      usmp.maintain();
      expect([usmp.available(), usmp.read().toString()]).to.deep.equal([true, "new"]);
    });
  });

  describe("a receive buffer", () => {
    it("holds what onMessage is given, and the next message after it", async () => {
      const buffer = new Uint8Array(8);
      const usmp = await running({ client: () => new USMPClient(PSK, buffer, 8), listens: false });
      const views: Uint8Array[] = [];
      usmp.onMessage((data) => void views.push(data));
      rig.gateway.send("12345678");
      rig.gateway.send("abc");
      await rig.board.advance(5);
      expect(Buffer.from(buffer).toString()).to.equal("abc45678");
      expect(views.map((view) => view.toString())).to.deep.equal(["abc45678", "abc"]);
    });

    it("ends the session where a message does not fit, as on the board", async () => {
      await running({ client: () => new USMPClient(PSK, new Uint8Array(16), 8) });
      let errorThen: number | null = null;
      rig.usmp.onDisconnect(() => (rig.told.push("x disconnect"), void (errorThen = rig.usmp.lastError())));
      rig.gateway.send("123456789");
      await rig.board.advance(2_000);
      expect(rig.told.map((event) => event.split(" ")[1])).to.deep.equal([
        "connect",
        "disconnect",
        "reconnect",
        "connect",
      ]);
      expect(errorThen).to.equal(USMP_ERR_BUFFER_OVERFLOW);
    });
  });

  describe("keepalive", () => {
    /** After so many milliseconds without a word the next frame goes out. */
    async function quietFor(): Promise<number> {
      const { sessions } = rig.gateway;
      const before = sessions[0]!.stats().framesReceived;
      const start = rig.gateway.clock.now();
      await rig.gateway.clock.advanceUntil(() => sessions[0]!.stats().framesReceived > before, 100_000);
      return rig.gateway.clock.now() - start;
    }

    // A gateway that asks by itself would be an answer's reason, too.
    const quiet = { sessionTimeoutMs: 0, conditions: { latencyMs: 0 } };

    it("is 30 s, and another one on a live session from now on", async () => {
      const usmp = await running(quiet);
      expect(await quietFor()).to.equal(30_000);
      usmp.keepalive(5_000);
      expect(await quietFor()).to.equal(5_000);
    });

    it("stays through a reconnect, and begin() sets it to 30 s, as on the board", async () => {
      const usmp = await running(quiet);
      usmp.keepalive(5_000);
      rig.endSession();
      await rig.gateway.waitForDisconnect();
      await rig.gateway.waitForSession();
      expect(await quietFor()).to.equal(5_000);
      usmp.beginAsync(TCP);
      await rig.gateway.waitForDisconnect();
      await rig.gateway.waitForSession();
      expect(await quietFor()).to.equal(30_000);
    });
  });

  describe("close", () => {
    it("says BYE, also where the sketch ends right after it", async () => {
      const codes: string[] = [];
      const usmp = await running({ conditions: { latencyMs: 50 } });
      rig.gateway.usmp.on("disconnect", ({ code }) => void codes.push(code));
      usmp.close();
      usmp.close();
      await rig.board.stop();
      expect([codes, rig.gateway.connected]).to.deep.equal([["BYE"], false]);
    });

    it("is harmless before begin()", async () => {
      const usmp = await running({ setup: (client) => client.close() });
      expect(usmp.state()).to.equal(USMP_STATE_IDLE);
    });
  });

  describe("names", () => {
    it("are the board's id, and the session's, which is kept after its end", async () => {
      const ids: string[] = [];
      const usmp = await running({
        setup: async (client) => {
          ids.push(client.deviceId().toString(), client.sessionId().toString());
          await client.begin(TCP);
        },
      });
      expect(ids).to.deep.equal(["02:00:00:00:00:01", "0".repeat(32)]);
      const { sessionId } = rig.gateway.session("02:00:00:00:00:01");
      expect(usmp.sessionId().toString()).to.equal(sessionId);
      usmp.close();
      await rig.board.advance(10);
      expect(usmp.sessionId().toString()).to.equal(sessionId);
    });
  });

  it("works at module level, too: it is on the board whose sketch begins it", async () => {
    rig = new SketchRig();
    const usmp = new USMPClient(PSK);
    const boards: string[] = [];
    for (const deviceId of ["02:00:00:00:00:0a", "02:00:00:00:00:0b"]) {
      const gateway = new TestGateway({ psk: PSK });
      const board = new VirtualBoard({ gateway, deviceId });
      await board.start({
        setup: async () => void (await usmp.begin(USMP.TCP("anywhere"))),
        loop: () => usmp.maintain(),
      });
      boards.push((await gateway.waitForSession()).deviceId);
      await board.stop();
      await gateway.close();
    }
    expect(boards).to.deep.equal(["02:00:00:00:00:0a", "02:00:00:00:00:0b"]);
  });

  it("joins the WiFi that its transport names when it begins", async () => {
    for (const begin of ["begin", "beginAsync"] as const) {
      const board = new VirtualBoard();
      let isConnected = false;
      await board.start({
        async setup() {
          const begun = new USMPClient(PSK)[begin](USMP.TCP("anywhere").wifi("my network", "its password"));
          isConnected = WiFi.isConnected();
          await begun;
        },
      });
      expect(isConnected).to.equal(true);
      await board.stop();
    }
  });
});

import { expect } from "chai";
import { USMPClient } from "../../../lib/arduino/client/usmp-client.js";
import { currentBoard } from "../../../lib/arduino/board/current-board.js";
import { delay } from "../../../lib/arduino/time.js";
import { TestGateway } from "../../../lib/testing/test-gateway.js";
import { VirtualBoard } from "../../../lib/testing/virtual-board.js";
import { rejection } from "../rejection.js";
import { PSK, SketchRig, TCP, type SketchRigOptions } from "../../support/sketch-rig.js";

describe("USMPClient's callbacks", () => {
  let rig: SketchRig;

  async function running(options: SketchRigOptions = {}): Promise<void> {
    rig = await new SketchRig(options).start();
  }

  afterEach(async () => {
    expect(rig.misplaced).to.deep.equal([]);
    expect(await rig.end()).to.equal(0);
  });

  it("come one thing at a time, each in a maintain() of its own, as on the board", async () => {
    await running({ loop: () => {} });
    for (const text of ["a", "b", "c"]) rig.gateway.send(text);
    await rig.board.advance(10);
    const turns = rig.told.map((event) => Number.parseInt(event));
    expect(rig.events).to.deep.equal(["connect", "message a 1", "message b 1", "message c 1"]);
    expect(turns[0]).to.equal(0);
    expect(turns.slice(1)).to.deep.equal([turns[1], turns[1]! + 1, turns[1]! + 2]);
  });

  it("get every message of a burst, and of one after the next begin()", async () => {
    await running();
    for (let time = 0; time < 2; time++) {
      for (let index = 0; index < 300; index++) rig.gateway.send(`${index}`);
      await rig.board.advance(400);
      const messages = rig.events.filter((event) => event.startsWith("message"));
      expect(messages).to.deep.equal(
        Array.from({ length: 300 }, (_, index) => `message ${index} ${`${index}`.length}`),
      );
      rig.told.length = 0;
      rig.usmp.beginAsync(TCP);
      await rig.gateway.waitForDisconnect();
      await rig.gateway.waitForSession();
    }
  });

  it("come as: messages before the loss, onDisconnect once, onReconnect, then onConnect in the same maintain()", async () => {
    await running();
    await rig.board.advance(2_000);
    rig.gateway.send("before");
    await rig.board.advance(1);
    rig.endSession();
    await rig.board.advance(20);
    rig.gateway.send("after");
    await rig.board.advance(20);
    expect(rig.events).to.deep.equal([
      "connect",
      "message before 6",
      "disconnect",
      "reconnect",
      "connect",
      "message after 5",
    ]);
    const [, , lost, again, connected, after] = rig.told.map((event) => Number.parseInt(event));
    expect(again).to.be.greaterThan(lost!);
    expect(connected).to.equal(again);
    expect(after).to.be.greaterThan(connected!);
  });

  it("come for every message that was there before the loss, and then for the loss", async () => {
    await running();
    for (let index = 0; index < 5; index++) rig.gateway.send(`${index}`);
    await rig.board.advance(2);
    rig.endSession();
    expect(rig.events.length).to.be.lessThan(4);
    await rig.board.advance(20);
    const messages = Array.from({ length: 5 }, (_, index) => `message ${index} 1`);
    expect(rig.events).to.deep.equal(["connect", ...messages, "disconnect"]);
  });

  it("come as soon as a message is there, and not only with the next turn's time", async () => {
    await running({ conditions: { latencyMs: 0.3 }, listens: false });
    rig.usmp.onMessage((data) => void rig.usmp.send(data));
    await rig.board.advance(100);
    const sentAt = rig.gateway.clock.now();
    rig.gateway.send("there and back");
    await rig.gateway.next();
    expect(rig.gateway.clock.now() - sentAt).to.be.closeTo(0.6, 0.05);
  });

  it("find alive() as they tell it: false in onDisconnect, true in onReconnect, onConnect and onMessage", async () => {
    const alive: string[] = [];
    await running({ listens: false });
    const note = (event: string) => (): void => void alive.push(`${event} ${rig.usmp.alive()} ${rig.usmp.send(event)}`);
    rig.usmp.onConnect(note("connect"));
    rig.usmp.onDisconnect(note("disconnect"));
    rig.usmp.onReconnect(note("reconnect"));
    rig.usmp.onMessage(note("message"));
    rig.endSession();
    await rig.board.advance(2_100);
    rig.gateway.send("x");
    await rig.board.advance(10);
    expect(alive).to.deep.equal([
      "disconnect false false",
      "reconnect true true",
      "connect true true",
      "message true true",
    ]);
  });

  it("do not come while a long delay() lasts; a session that is lost and back by then is told in order, bit by bit", async () => {
    rig = new SketchRig();
    const told: string[] = [];
    await rig.board.start(() => {
      const usmp = new USMPClient(PSK);
      usmp.onConnect(() => void told.push("connect"));
      usmp.onReconnect(() => void told.push("reconnect"));
      usmp.onDisconnect(() => void told.push("disconnect"));
      return {
        setup: async () => void (await usmp.begin(TCP)),
        loop: async () => {
          await delay(10_000);
          usmp.maintain();
          told.push(`maintained, ${usmp.alive() ? "alive" : "dead"}`);
        },
      };
    });
    await rig.gateway.waitForSession();
    await rig.board.advance(1_000);
    for (let time = 0; time < 2; time++) {
      rig.endSession();
      await rig.board.advance(4_000);
    }
    expect([told, rig.gateway.connected]).to.deep.equal([["connect"], true]);
    await rig.board.advance(16_000);
    expect(told).to.deep.equal([
      "connect",
      "disconnect",
      "maintained, dead",
      "reconnect",
      "connect",
      "maintained, alive",
    ]);
  });

  it("say nothing of one's own close(), nor of what came before it", async () => {
    await running();
    rig.gateway.send("unread");
    rig.gateway.loseNetwork();
    rig.gateway.restoreNetwork();
    rig.usmp.close();
    await rig.board.advance(100);
    expect([rig.events, rig.gateway.connected]).to.deep.equal([["connect"], false]);
  });

  it("tell of a gateway's BYE as of any loss, and of the session after it", async () => {
    await running();
    await rig.gateway.restart({ downMs: 1_000 });
    await rig.gateway.waitForSession();
    await rig.board.advance(5);
    expect(rig.events).to.deep.equal(["connect", "disconnect", "reconnect", "connect"]);
  });

  it("tell of an awaited reconnect() at its end: onReconnect, onConnect, and no loss", async () => {
    rig = new SketchRig();
    const told: string[] = [];
    await rig.board.start(() => {
      const usmp = new USMPClient(PSK);
      usmp.onConnect(() => void told.push("connect"));
      usmp.onReconnect(() => void told.push("reconnect"));
      usmp.onDisconnect(() => void told.push("disconnect"));
      return {
        setup: async () => {
          told.push(`before begin() ${await usmp.reconnect()}`);
          await usmp.begin(TCP);
          told.push(`${await usmp.reconnect()}`);
        },
        loop: () => usmp.maintain(),
      };
    });
    await rig.board.advance(100);
    expect(told).to.deep.equal(["before begin() false", "connect", "reconnect", "connect", "true"]);
  });

  it("may be set late, replaced and cleared", async () => {
    await running({ listens: false });
    const told: string[] = [];
    rig.gateway.send("waits");
    await rig.board.advance(10);
    rig.usmp.onMessage((data) => void told.push(`first ${data.toString()}`));
    await rig.board.advance(2);
    rig.usmp.onMessage((data) => void told.push(`second ${data.toString()}`));
    rig.gateway.send("x");
    await rig.board.advance(10);
    rig.usmp.onMessage(null);
    rig.gateway.send("y");
    await rig.board.advance(10);
    expect([told, rig.usmp.read().toString()]).to.deep.equal([["first waits", "second x"], "y"]);
  });

  it("may call everything, close() and begin included", async () => {
    await running({ listens: false });
    const told: string[] = [];
    rig.usmp.onConnect(() => void told.push("connect"));
    rig.usmp.onReconnect(() => void told.push("reconnect"));
    rig.usmp.onMessage((data) => {
      told.push(data.toString());
      rig.usmp.close();
      rig.usmp.beginAsync(TCP);
    });
    rig.gateway.send("again");
    rig.gateway.send("never read");
    await rig.board.advance(50);
    expect(told).to.deep.equal(["again", "connect"]);
  });

  describe("that fail", () => {
    const failures: [what: string, where: RegExp, prepare: (usmp: USMPClient) => void][] = [
      [
        "onConnect",
        /^onConnect callback: broken\n {4}at .*usmp-client-callbacks\.spec\.[jt]s:\d+:\d+\n/,
        (usmp) => usmp.onConnect(fail),
      ],
      [
        "onMessage",
        /^onMessage callback: broken\n {4}at .*usmp-client-callbacks\.spec\.[jt]s:\d+:\d+\n/,
        (usmp) => usmp.onMessage(fail),
      ],
      ["an async onMessage", /^onMessage callback: broken\n/, (usmp) => usmp.onMessage(rejecting)],
      [
        "an onMessage that waits",
        /^onMessage callback: delay\(5\) waits, and a callback cannot.*\n {4}at .*usmp-client-callbacks\.spec\.[jt]s:/,
        (usmp) => usmp.onMessage(() => void delay(5)),
      ],
      [
        "an onConnect that awaits",
        /^onConnect callback: delay\(5\) waits, and a callback cannot.*\n {4}at .*usmp-client-callbacks\.spec\.[jt]s:/,
        (usmp) => usmp.onConnect(() => delay(5) as unknown as undefined),
      ],
    ];
    for (const [what, where, prepare] of failures) {
      it(`end the sketch: ${what}`, async () => {
        rig = new SketchRig({ listens: false, setup: (usmp) => (prepare(usmp), void usmp.beginAsync(TCP)) });
        const failure = rig
          .start()
          .then(() => rig.gateway.waitForSession())
          .then(() => (rig.gateway.send("x"), rig.board.advance(100)))
          .then(
            () => "",
            (error: unknown) => (error as Error).message,
          );
        expect(await failure).to.match(where);
        expect(rig.board.state).to.equal("ended");
        await rig.board.stop();
        await rig.gateway.waitForDisconnect({ withinMs: 100 });
      });
    }

    it("say BYE to the gateway, and run nothing of the turn any more", async () => {
      rig = new SketchRig();
      const reasons: string[] = [];
      let failed = false;
      const afterwards: string[] = [];
      rig.gateway.usmp.on("disconnect", ({ code }) => void reasons.push(code));
      await rig.board.start(() => {
        const usmp = new USMPClient(PSK);
        usmp.onMessage(() => {
          failed = true;
          fail();
        });
        return {
          setup: async () => void (await usmp.begin(TCP)),
          loop: () => {
            usmp.maintain();
            if (failed) afterwards.push("the rest of the turn");
          },
        };
      });
      await rig.gateway.waitForSession();
      rig.gateway.send("x");
      await rig.board.advance(100).catch(() => void afterwards.push("advance() rejected"));
      await rig.board.stop();
      expect([reasons, afterwards]).to.deep.equal([["BYE"], ["advance() rejected"]]);
    });
  });

  it("may restart the board: the next life begins, and nothing else of this one runs", async () => {
    rig = new SketchRig();
    const told: string[] = [];
    await rig.board.start(() => {
      const usmp = new USMPClient(PSK);
      usmp.onConnect(() => void told.push("connect"));
      usmp.onDisconnect(() => void told.push("disconnect"));
      usmp.onMessage(() => {
        told.push("restart");
        currentBoard().restart();
      });
      return { setup: async () => void (await usmp.begin(TCP)), loop: () => usmp.maintain() };
    });
    await rig.gateway.waitForSession();
    rig.gateway.send("reboot");
    await rig.board.advance(100);
    expect([told, rig.board.lives]).to.deep.equal([["connect", "restart", "connect"], 2]);
  });

  it("come within the board of their sketch, though two run side by side", async () => {
    rig = new SketchRig();
    const gateway = new TestGateway({ psk: PSK });
    const seen: string[] = [];
    const boards = ["02:00:00:00:00:0a", "02:00:00:00:00:0b"].map(
      (deviceId) => new VirtualBoard({ gateway, deviceId }),
    );
    for (const board of boards) {
      await board.start(() => {
        const usmp = new USMPClient(PSK);
        usmp.onMessage((data) => void seen.push(`${data.toString()} ${currentBoard().deviceId}`));
        return { setup: () => void usmp.beginAsync(TCP), loop: () => usmp.maintain() };
      });
    }
    for (const deviceId of ["02:00:00:00:00:0b", "02:00:00:00:00:0a"]) {
      await gateway.waitForSession({ deviceId });
      gateway.send("to", deviceId);
      await gateway.clock.advance(10);
    }
    expect(seen).to.deep.equal(["to 02:00:00:00:00:0b", "to 02:00:00:00:00:0a"]);
    for (const board of boards) await board.stop();
    await gateway.close();
  });

  it("fail in their own life alone: an async one that is late does not end the next", async () => {
    await running();
    const gateway = rig.gateway;
    const board = new VirtualBoard({ gateway, deviceId: "02:00:00:00:00:0f" });
    let goOn = (): void => {};
    const late = new Promise<void>((resolve) => (goOn = resolve));
    await board.start(() => {
      const usmp = new USMPClient(PSK);
      usmp.onMessage(() => late.then(() => Promise.reject(new Error("of the first life"))) as unknown as void);
      return {
        setup: () => usmp.begin(TCP),
        async loop() {
          usmp.maintain();
          await delay(10);
        },
      };
    });
    await gateway.waitForSession({ deviceId: "02:00:00:00:00:0f" });
    gateway.send("x", "02:00:00:00:00:0f");
    await board.advance(50);
    board.cutPower();
    await board.start({});
    goOn();
    await board.advance(100);
    expect(board.state).to.equal("running");
    await board.stop();
  });

  it("are missed by a loop that waits for them without await, which is found", async () => {
    await running();
    for (const look of [
      (usmp: USMPClient) => usmp.maintain(),
      (usmp: USMPClient) => usmp.alive(),
      (usmp: USMPClient) => usmp.available(),
      (usmp: USMPClient) => usmp.isConnecting(),
    ]) {
      const board = new VirtualBoard();
      const error = await rejection(
        board.start({
          setup() {
            const usmp = new USMPClient(PSK);
            usmp.beginAsync(TCP);
            for (;;) look(usmp);
          },
        }),
      );
      expect(error.message).to.include("setup(): looked 1000000 times");
      await board.stop();
    }
  });
});

function fail(): never {
  throw new Error("broken");
}

/** As a callback that was made async. */
const rejecting = (): void => Promise.reject(new Error("broken")) as unknown as void;

import { expect } from "chai";
import { currentBoard } from "../../../lib/arduino/board/current-board.js";
import {
  USMP_ERR_TIMEOUT,
  USMP_ERR_TRANSPORT_FAILED,
  USMP_STATE_AWAITING_CHALLENGE,
} from "../../../lib/arduino/client/constants.js";
import { USMPClient } from "../../../lib/arduino/client/usmp-client.js";
import { delay, millis } from "../../../lib/arduino/time.js";
import { TestGateway } from "../../../lib/testing/test-gateway.js";
import { VirtualBoard } from "../../../lib/testing/virtual-board.js";
import { PSK, SketchRig, TCP, UDP, type SketchRigOptions } from "../../support/sketch-rig.js";

const HOUR_MS = 3_600_000;

for (const [name, transport] of [
  ["TCP", TCP],
  ["UDP", UDP],
] as const) {
  describe(`USMPClient over ${name}, when things go wrong`, () => {
    let rig: SketchRig;

    async function running(options: SketchRigOptions = {}): Promise<SketchRig> {
      rig = await new SketchRig({ transport, ...options }).start();
      return rig;
    }

    afterEach(async () => {
      expect(rig.misplaced).to.deep.equal([]);
      expect(await rig.end()).to.equal(0);
    });

    it("notices a network that fell silent within a minute, and is back soon after it", async () => {
      await running();
      const errors: number[] = [];
      rig.usmp.onDisconnect(() => void errors.push(rig.usmp.lastError(), rig.told.push("0 disconnect")));
      rig.gateway.loseNetwork();
      await rig.board.advance(61_000);
      expect([rig.events, errors[0]]).to.deep.equal([["connect", "disconnect"], USMP_ERR_TIMEOUT]);
      await rig.board.advance(10 * 60_000);
      expect(rig.events).to.deep.equal(["connect", "disconnect"]);
      rig.gateway.restoreNetwork();
      await rig.board.advance(45_000);
      expect(rig.events).to.deep.equal(["connect", "disconnect", "reconnect", "connect"]);
      expect(rig.gateway.sessions).to.have.lengthOf(1);
    });

    it("takes a short silence for none, and loses no message", async () => {
      await running({ loop: (usmp) => void (rig.turn === 5 && usmp.send("into the silence")) });
      rig.gateway.loseNetwork();
      await rig.board.advance(3_000);
      rig.gateway.restoreNetwork();
      expect(await rig.gateway.next()).to.equal("into the silence");
      expect(rig.events).to.deep.equal(["connect"]);
    });

    it("fails to begin while the network is lost, within bounded time", async () => {
      rig = new SketchRig({ transport });
      rig.gateway.loseNetwork();
      await rig.start();
      expect([rig.begun, rig.usmp.lastError()]).to.deep.equal([false, USMP_ERR_TRANSPORT_FAILED]);
      expect(rig.gateway.clock.now()).to.be.at.most(20_000);
    });

    it("keeps trying after beginAsync() where the network is lost in the middle of a handshake", async () => {
      rig = new SketchRig({
        transport,
        setup: (usmp) => void usmp.beginAsync(transport),
        conditions: { latencyMs: 50 },
      });
      await rig.start();
      await rig.gateway.clock.advanceUntil(() => rig.usmp.state() === USMP_STATE_AWAITING_CHALLENGE, 1_000);
      // Over UDP until the gateway has acknowledged HELLO.
      await rig.gateway.clock.advance(transport === UDP ? 120 : 0);
      rig.gateway.loseNetwork();
      await rig.board.advance(60_000);
      expect(rig.events).to.deep.equal([]);
      rig.gateway.restoreNetwork();
      await rig.board.advance(45_000);
      expect(rig.events).to.deep.equal(["connect"]);
    });

    it("stays offline while the key is refused, and comes back when it is right again", async () => {
      await running();
      rig.gateway.refuseKey();
      await rig.gateway.restart({ downMs: 5_000 });
      await rig.board.advance(5 * 60_000);
      expect([rig.events, rig.usmp.alive()]).to.deep.equal([["connect", "disconnect"], false]);
      rig.gateway.acceptKey();
      await rig.board.advance(40_000);
      expect(rig.events).to.deep.equal(["connect", "disconnect", "reconnect", "connect"]);
    });

    it("comes back after each of ten restarts of the gateway", async () => {
      await running();
      for (let time = 0; time < 10; time++) {
        await rig.gateway.restart({ downMs: time * 3_000 });
        await rig.board.advance(70_000);
      }
      const round = ["disconnect", "reconnect", "connect"];
      expect(rig.events).to.deep.equal(["connect", ...Array.from({ length: 10 }, () => round).flat()]);
    });

    it("sends nothing while it is offline, and says so", async () => {
      await running();
      rig.gateway.refuseKey();
      await rig.gateway.restart();
      await rig.board.advance(100);
      expect([rig.usmp.send("lost"), rig.usmp.println("lost"), rig.usmp.lastErrorString()]).to.deep.equal([
        false,
        0,
        "NOT_CONNECTED: there is no session: call begin(), and maintain() in loop()",
      ]);
      rig.gateway.acceptKey();
      await rig.gateway.waitForSession({ withinMs: 60_000 });
      await rig.gateway.expectNothing(1_000);
    });

    it("takes the place of its former session after a restart in the middle of it, without a word to the gateway before", async () => {
      rig = new SketchRig({ transport });
      const gatewaySaw: string[] = [];
      rig.gateway.usmp.on("connect", () => void gatewaySaw.push("connect"));
      rig.gateway.usmp.on("reconnect", () => void gatewaySaw.push("reconnect"));
      rig.gateway.usmp.on("disconnect", ({ code }) => void gatewaySaw.push(code));
      let lives = 0;
      await rig.board.start(() => {
        const usmp = new USMPClient(PSK);
        const life = ++lives;
        usmp.onConnect(() => void usmp.send(`life ${life}`));
        usmp.onMessage(() => currentBoard().restart());
        return { setup: async () => void (await usmp.begin(transport)), loop: () => usmp.maintain() };
      });
      expect(await rig.gateway.next()).to.equal("life 1");
      rig.gateway.send("reboot");
      expect(await rig.gateway.next()).to.equal("life 2");
      await rig.board.advance(100);
      expect(gatewaySaw).to.have.members(["connect", "SUPERSEDED", "reconnect", "connect"]);
      expect(rig.gateway.sessions).to.have.lengthOf(1);
    });

    it("falls silent when its power is cut: the gateway notices after its own timeout", async () => {
      await running({ sessionTimeoutMs: 20_000 });
      const cutAt = rig.gateway.clock.now();
      rig.board.cutPower();
      await rig.gateway.clock.advance(15_000);
      expect(rig.gateway.connected).to.equal(true);
      await rig.gateway.waitForDisconnect();
      expect(rig.gateway.clock.now() - cutAt).to.be.within(19_000, 21_000);
    });

    it("lets BYE out before a deep sleep where the sketch closes, and connects afresh in each life", async () => {
      rig = new SketchRig({ transport });
      const codes: string[] = [];
      rig.gateway.usmp.on("disconnect", ({ code }) => void codes.push(code));
      await rig.board.start(() => {
        const usmp = new USMPClient(PSK);
        return {
          setup: async () => {
            await usmp.begin(transport);
            usmp.send(`awake by ${currentBoard().wakeCause}`);
            await delay(20);
            usmp.close();
            currentBoard().deepSleep({ afterUs: 60_000_000 });
          },
        };
      });
      await rig.gateway.clock.advance(200_000);
      expect(rig.gateway.messages.map(({ text }) => text)).to.deep.equal([
        "awake by power",
        "awake by timer",
        "awake by timer",
        "awake by timer",
      ]);
      expect(codes).to.deep.equal(Array(4).fill("BYE"));
      await rig.gateway.clock.advance(1_000);
    });

    it("is told apart from another board on the same gateway", async () => {
      await running();
      const other = new VirtualBoard({ gateway: rig.gateway, deviceId: "02:00:00:00:00:02" });
      const told: string[] = [];
      await other.start(() => {
        const usmp = new USMPClient(PSK);
        usmp.onMessage((data) => void told.push(data.toString()));
        return { setup: async () => void (await usmp.begin(transport)), loop: () => usmp.maintain() };
      });
      await rig.gateway.waitForSession({ deviceId: "02:00:00:00:00:02" });
      rig.gateway.send("to one", "02:00:00:00:00:01");
      rig.gateway.send("to two", "02:00:00:00:00:02");
      await rig.board.advance(50);
      expect([rig.events, told]).to.deep.equal([["connect", "message to one 6"], ["to two"]]);
      other.cutPower();
      await rig.board.advance(90_000);
      expect(rig.gateway.sessions.map(({ deviceId }) => deviceId)).to.deep.equal(["02:00:00:00:00:01"]);
      expect(rig.events).to.deep.equal(["connect", "message to one 6"]);
    });

    it("stays connected though its sketch never calls maintain(), tells nothing, and gives its messages to read()", async () => {
      await running({ maintains: false, setup: (usmp) => void usmp.beginAsync(transport) });
      await rig.gateway.waitForSession();
      await rig.board.advance(HOUR_MS / 4);
      expect([rig.events, rig.usmp.alive(), rig.gateway.connected]).to.deep.equal([[], false, true]);
      rig.usmp.maintain();
      rig.allowed = true;
      rig.misplaced.length = 0;
      rig.gateway.send("polled");
      await rig.board.advance(50);
      expect(rig.usmp.read().toString()).to.equal("polled");
    });

    it("carries 10,000 messages each way, in order, each once", async () => {
      let sent = 0;
      let received = 0;
      let inOrder = true;
      await running({
        listens: false,
        loop: (usmp) => {
          while (sent < 10_000 && usmp.send(`${sent}`)) sent++;
        },
      });
      rig.usmp.onMessage((data) => void (inOrder &&= data.toString() === `${received++}`));
      const session = rig.gateway.session();
      let all = false;
      void (async () => {
        for (let index = 0; index < 10_000; index++) await session.sendAsync(`${index}`);
        all = true;
      })();
      const done = (): boolean => all && received === 10_000 && rig.gateway.messages.length === 10_000;
      await rig.gateway.clock.advanceUntil(done, HOUR_MS);
      expect([received, inOrder]).to.deep.equal([10_000, true]);
      expect(rig.gateway.messages.every(({ text }, index) => text === `${index}`)).to.equal(true);
    });
  });
}

describe("USMPClient over TCP, when the connection breaks", () => {
  it("comes back at once after a loss, and then no sooner than 2 s after it last did", async () => {
    const rig = await new SketchRig().start();
    const at: number[] = [];
    rig.gateway.usmp.on("connect", () => void at.push(rig.gateway.clock.now()));
    await rig.board.advance(10_000);
    for (let time = 0; time < 3; time++) {
      rig.endSession();
      await rig.board.advance(2_500);
    }
    expect(at.map((time) => Math.floor(time / 100) * 100)).to.deep.equal([10_000, 12_500, 15_000]);
    rig.endSession();
    await rig.board.advance(100);
    rig.endSession();
    await rig.board.advance(3_000);
    expect(at.map((time) => Math.floor(time / 100) * 100).slice(3)).to.deep.equal([17_500, 19_500]);
    await rig.end();
  });

  it("tries again 4, 8, 16, 32 and again 32 seconds apart while nobody answers", async () => {
    const rig = await new SketchRig().start();
    await rig.board.advance(5_000);
    await rig.gateway.close();
    const at: number[] = [];
    let before = 0;
    await rig.gateway.clock.advanceUntil(() => {
      const state = rig.usmp.state();
      if (state === 1 && before !== 1) at.push(rig.gateway.clock.now());
      before = state;
      return at.length === 7;
    }, 200_000);
    const gaps = at.slice(1).map((time, index) => Math.round((time - at[index]!) / 1_000));
    expect(gaps).to.deep.equal([4, 8, 16, 32, 32, 32]);
    await rig.end();
  });

  it("tells which error it was", async () => {
    const rig = await new SketchRig().start();
    rig.endSession();
    await rig.board.advance(5);
    expect(rig.usmp.lastError()).to.equal(USMP_ERR_TRANSPORT_FAILED);
    await rig.end();
  });
});

describe("USMPClient over a bad network", () => {
  const SEED = 20_261_125;

  it(`delivers every message once and in order over UDP with loss, copies and reordering (seed ${SEED})`, async () => {
    let sent = 0;
    const rig = await new SketchRig({
      transport: UDP,
      seed: SEED,
      conditions: { latencyMs: 20, jitterMs: 10, loss: 0.15, duplicate: 0.1, reorder: 0.1 },
      loop: (usmp) => {
        if (sent < 200 && millis() > sent * 250 && usmp.send(`${sent}`)) sent++;
      },
    }).start();
    await rig.gateway.clock.advanceUntil(() => rig.gateway.messages.length === 200, HOUR_MS);
    const texts = rig.gateway.messages.map(({ text }) => text);
    expect(texts).to.deep.equal(Array.from({ length: 200 }, (_, index) => `${index}`));
    await rig.end();
  });

  it("runs the same with the same seed", async () => {
    const runs: unknown[] = [];
    for (let time = 0; time < 2; time++) {
      const rig = await new SketchRig({
        transport: UDP,
        seed: SEED,
        conditions: { latencyMs: 20, jitterMs: 10, loss: 0.3 },
        loop: (usmp) => void (millis() % 1_000 === 0 && usmp.send(`${millis()}`)),
      }).start();
      await rig.board.advance(60_000);
      runs.push(rig.gateway.messages.map(({ atMs, text }) => [atMs, text]));
      await rig.end();
    }
    expect(runs[0]).to.deep.equal(runs[1]);
  });

  it("hours of simulated time pass in seconds: a polling loop, and a message each 10 s", async () => {
    const rig = new SketchRig();
    await rig.board.start(() => {
      const usmp = new USMPClient(PSK);
      let lastMs = 0;
      return {
        setup: async () => void (await usmp.begin(TCP)),
        loop: () => {
          usmp.maintain();
          if (millis() - lastMs < 10_000) return;
          lastMs = millis();
          usmp.send(`${lastMs}`);
        },
      };
    });
    await rig.board.advance(HOUR_MS);
    expect(rig.gateway.messages).to.have.lengthOf(359);
    expect(await rig.end()).to.equal(0);
  });

  it("leaves a gateway of its own to each test", async () => {
    const [one, other] = [new TestGateway({ psk: PSK }), new TestGateway({ psk: PSK })];
    const board = new VirtualBoard({ gateway: one });
    await board.start(() => {
      const usmp = new USMPClient(PSK);
      return { setup: async () => void (await usmp.begin(TCP)) };
    });
    await one.waitForSession();
    await other.expectNothing(1_000);
    expect(other.connected).to.equal(false);
    await board.stop();
  });
});

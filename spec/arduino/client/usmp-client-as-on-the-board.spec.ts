import { expect } from "chai";
import {
  USMP_ERR_TRANSPORT_FAILED,
  USMP_STATE_ERROR,
  USMP_STATE_ESTABLISHED,
} from "../../../lib/arduino/client/constants.js";
import type { USMPClient } from "../../../lib/arduino/client/usmp-client.js";
import { SketchRig, TCP, UDP, type SketchRigOptions } from "../../support/sketch-rig.js";

/** What the board's library does that nobody would write on purpose, and that a test of a sketch has to show. */
describe("USMPClient, as on the board,", () => {
  let rig: SketchRig;

  async function running(options: SketchRigOptions = {}): Promise<USMPClient> {
    rig = await new SketchRig(options).start();
    return rig.usmp;
  }

  afterEach(async () => {
    expect(await rig.end()).to.equal(0);
  });

  it("has no connected()", async () => {
    expect("connected" in (await running())).to.equal(false);
  });

  describe("whose TCP connection ends without BYE", () => {
    it("stays alive until it sends: send() gives false, and onDisconnect runs within it", async () => {
      const usmp = await running();
      rig.gateway.dropConnection();
      await rig.board.advance(20_000);
      expect([usmp.alive(), usmp.state(), rig.events]).to.deep.equal([true, USMP_STATE_ESTABLISHED, ["connect"]]);
      expect(rig.gateway.connected).to.equal(false);
      const seen: unknown[] = [];
      usmp.onDisconnect(() => void seen.push("disconnect", usmp.alive(), usmp.lastError()));
      seen.push(usmp.send("lost"));
      expect(seen).to.deep.equal(["disconnect", false, USMP_ERR_TRANSPORT_FAILED, false]);
      await rig.gateway.waitForSession();
      await rig.board.advance(5);
      expect(rig.events).to.deep.equal(["connect", "reconnect", "connect"]);
      await rig.gateway.expectNothing(1_000);
    });

    it("stays alive until its keepalive sends PING, and for ever with none", async () => {
      const usmp = await running({ sessionTimeoutMs: 0 });
      usmp.keepalive(5_000);
      rig.gateway.dropConnection();
      await rig.board.advance(4_900);
      expect(rig.events).to.deep.equal(["connect"]);
      await rig.board.advance(200);
      expect(rig.events).to.deep.equal(["connect", "disconnect", "reconnect", "connect"]);
      usmp.keepalive(0);
      rig.gateway.dropConnection();
      await rig.board.advance(600_000);
      expect([usmp.alive(), rig.events.length]).to.deep.equal([true, 4]);
    });

    it("gets the messages that came before the end", async () => {
      const usmp = await running({ listens: false });
      rig.gateway.send("last words");
      await rig.board.advance(3);
      rig.gateway.dropConnection();
      await rig.board.advance(1_000);
      expect([usmp.read().toString(), usmp.alive()]).to.deep.equal(["last words", true]);
    });
  });

  describe("calls onDisconnect where a loss comes to light:", () => {
    const calls: [name: string, call: (usmp: USMPClient) => unknown, result: unknown][] = [
      ["send()", (usmp) => usmp.send("x"), false],
      ["println()", (usmp) => usmp.println("x"), 2],
      ["print() and flush()", (usmp) => [usmp.print("x"), usmp.flush()], [1, undefined]],
      ["available()", (usmp) => usmp.available(), false],
      ["read()", (usmp) => usmp.read().toString(), ""],
      ["read() into a buffer", (usmp) => usmp.read(new Uint8Array(4)), 0],
      ["maintain()", (usmp) => usmp.maintain(), undefined],
    ];
    for (const [name, call, result] of calls) {
      it(name, async () => {
        const usmp = await running({ maintains: false });
        rig.gateway.refuseKey();
        rig.endSession();
        await rig.board.advance(20);
        expect([usmp.alive(), rig.events]).to.deep.equal([true, ["connect"]]);
        expect([call(usmp), usmp.alive(), rig.events]).to.deep.equal([result, false, ["connect", "disconnect"]]);
        await rig.board.advance(20);
        usmp.maintain();
        expect(rig.events).to.deep.equal(["connect", "disconnect"]);
      });
    }
  });

  describe("reads one message at a time:", () => {
    it("an unread one keeps all behind it, and the gateway has to wait", async () => {
      const usmp = await running({ listens: false });
      rig.gateway.send("first");
      await rig.board.advance(10);
      const session = rig.gateway.session();
      let sent = 0;
      let sentBefore = -1;
      for (; sentBefore < sent && sent < 10_000; await rig.board.advance(1_000)) {
        sentBefore = sent;
        while (session.send("x".repeat(1_000))) sent++;
      }
      expect(sent).to.be.within(10, 9_000);
      expect(usmp.read().toString()).to.equal("first");
      for (let turn = 0; turn < sent; turn++) {
        while (!usmp.available()) await rig.board.advance(1);
        expect(usmp.read().length()).to.equal(1_000);
      }
      expect(usmp.available()).to.equal(false);
    });

    it("a BYE behind an unread one is not noticed before that was read", async () => {
      const usmp = await running();
      usmp.onMessage(null);
      rig.gateway.send("unread");
      await rig.board.advance(10);
      rig.endSession();
      await rig.board.advance(1_000);
      expect([usmp.alive(), rig.events]).to.deep.equal([true, ["connect"]]);
      expect([usmp.read().toString(), usmp.alive()]).to.deep.equal(["unread", true]);
      await rig.board.advance(2);
      expect(rig.events).to.deep.equal(["connect", "disconnect"]);
    });

    it("with one unread its session lives on, and it can send", async () => {
      const usmp = await running({ listens: false });
      rig.gateway.send("unread");
      await rig.board.advance(600_000);
      expect([usmp.send("still here"), await rig.gateway.next()]).to.deep.equal([true, "still here"]);
      expect(usmp.read().toString()).to.equal("unread");
    });
  });

  for (const keepaliveMs of [0, 120_000]) {
    it(`keeps its session with keepalive(${keepaliveMs}), because the gateway sends PING`, async () => {
      const usmp = await running();
      usmp.keepalive(keepaliveMs);
      await rig.board.advance(600_000);
      expect([usmp.send("still here"), await rig.gateway.next(), rig.events]).to.deep.equal([
        true,
        "still here",
        ["connect"],
      ]);
    });
  }

  it("takes an empty message for none: neither onMessage nor read() gets it", async () => {
    const usmp = await running();
    for (const text of ["", "a", "", ""]) rig.gateway.send(text);
    await rig.board.advance(20);
    expect(rig.events).to.deep.equal(["connect", "message a 1"]);
    usmp.onMessage(null);
    rig.gateway.send("");
    rig.gateway.send("b");
    await rig.board.advance(20);
    expect([usmp.available(), usmp.read().toString(), usmp.available()]).to.deep.equal([true, "b", false]);
  });

  for (const [name, transport] of [
    ["TCP", TCP],
    ["UDP", UDP],
  ] as const) {
    it(`has the state of the lost session over ${name} until its next attempt failed`, async () => {
      const usmp = await running({ transport });
      const states: number[] = [];
      usmp.onDisconnect(() => void states.push(usmp.state()));
      await rig.board.advance(1_000);
      await rig.gateway.close();
      await rig.board.advance(500);
      states.push(usmp.state());
      expect([states, usmp.isConnecting()]).to.deep.equal([Array(2).fill(USMP_STATE_ESTABLISHED), false]);
      await rig.gateway.clock.advanceUntil(() => usmp.state() === USMP_STATE_ERROR, 30_000);
    });
  }
});

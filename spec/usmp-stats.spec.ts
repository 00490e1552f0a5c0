import { expect } from "chai";

import { UsmpServer, type UsmpSession } from "../lib/index.js";
import { crypto, FacadeRig, FIRST_WINDOW_MS, PSK } from "./support/facade-rig.js";

describe("Usmp's stats", () => {
  let rig: FacadeRig;

  beforeEach(() => {
    rig = new FacadeRig();
  });

  afterEach(() => rig.end());

  it("are all nothing at first", () => {
    expect(rig.usmp().stats()).to.deep.equal({
      bytesSent: 0,
      bytesReceived: 0,
      framesSent: 0,
      framesReceived: 0,
      retransmissions: 0,
      messagesSent: 0,
      messagesReceived: 0,
      refusedSends: 0,
      droppedMessages: 0,
      unreadMessages: 0,
      unsentBytes: 0,
      roundTripMs: null,
      sessions: 0,
      reconnects: 0,
      queuedMessages: 0,
      queuedBytes: 0,
      lastError: null,
    });
  });

  it("count frames, bytes and messages the same at both ends", async () => {
    const { gateway, device } = await rig.pair();
    device.send("x".repeat(1_808));
    device.send("");
    gateway.broadcast("down");
    await rig.pass();
    const [up, down] = [device.stats(), gateway.stats()];
    // HELLO, HELLO_ACK, four fragments and an empty message; CHALLENGE, SESSION_OK and a message.
    expect([up.framesSent, up.framesReceived, up.messagesSent, up.messagesReceived]).to.deep.equal([7, 3, 2, 1]);
    expect([down.framesReceived, down.framesSent, down.messagesReceived, down.messagesSent]).to.deep.equal([
      7, 3, 2, 1,
    ]);
    expect(up.bytesSent).to.equal(12 + 38 + (12 + 32) + 4 * 40 + 1_808 + 40);
    expect([down.bytesReceived, down.bytesSent]).to.deep.equal([up.bytesSent, up.bytesReceived]);
    expect([down.unreadMessages, up.unreadMessages]).to.deep.equal([2, 1]);
  });

  it("go on over a reconnect, with the reason of the loss", async () => {
    const { gateway, device } = await rig.pair();
    device.send("a");
    await rig.pass();
    rig.network.cut();
    await rig.pass();
    expect(device.stats().lastError).to.include({ code: "TRANSPORT" });
    await rig.pass(FIRST_WINDOW_MS);
    device.send("b");
    await rig.pass();
    for (const facade of [device, gateway]) {
      expect([facade.stats().sessions, facade.stats().reconnects]).to.deep.equal([2, 1]);
    }
    expect([device.stats().messagesSent, gateway.stats().messagesReceived]).to.deep.equal([2, 2]);
    expect(device.stats().unsentBytes).to.equal(0);
  });

  it("tell the last round trip, and what waits and was dropped", async () => {
    const { gateway, device } = await rig.pair({ maxUnreadMessages: 2 });
    rig.network.conditions = { toAcceptor: { latencyMs: 10 } };
    const asked = device.ping();
    await rig.pass(10);
    await asked;
    expect(device.stats().roundTripMs).to.equal(10);
    for (const text of ["a", "b", "c"]) {
      gateway.broadcast(text);
      await rig.pass();
    }
    expect(device.stats()).to.include({ droppedMessages: 1, unreadMessages: 2 });
  });

  it("count nothing as unread that ended sessions have left, on a facade and on a server", async () => {
    const server = new UsmpServer({ psk: PSK, clock: rig.clock, crypto });
    await rig.until(server.listen(rig.acceptor("server")));
    const gateway = await rig.gateway();
    const read: string[] = [];
    const readAll = async (session: UsmpSession): Promise<void> => {
      for await (const data of session) read.push(data.toString());
    };
    gateway.on("connect", readAll);
    server.onSession(readAll);
    for (const [name, listener] of [
      [undefined, gateway],
      ["server", server],
    ] as const) {
      for (let round = 1; round <= 3; round++) {
        const device = rig.usmp();
        expect(await rig.until(device.begin(rig.dialer(name)))).to.equal(true);
        // They arrive together with the end, before any of them can be read.
        for (let index = 0; index < 5; index++) device.send(`${index}`);
        await rig.until(device.close());
        await rig.pass();
        expect(listener.stats()).to.include({ messagesReceived: 5 * round, unreadMessages: 0, unsentBytes: 0 });
      }
    }
    expect(read).to.have.lengthOf(30);
    await rig.until(server.stop());
  });

  it("of a server count as the devices do, over sessions and restarts", async () => {
    const server = new UsmpServer({ psk: PSK, clock: rig.clock, crypto });
    const again: boolean[] = [];
    server.onSession((session, isAgain) => {
      again.push(isAgain);
      session.send("welcome");
    });
    const device = rig.usmp();
    for (let round = 0; round < 2; round++) {
      await rig.until(server.listen(rig.acceptor()));
      await rig.connect(device);
      device.send("hello");
      await rig.pass();
      expect(server.stats().unreadMessages).to.equal(1);
      await rig.until(device.close());
      await rig.until(server.stop());
    }
    const [up, down] = [device.stats(), server.stats()];
    expect(down).to.include({ sessions: 2, reconnects: 1, messagesReceived: 2, messagesSent: 2, unreadMessages: 0 });
    expect([down.bytesReceived, down.bytesSent]).to.deep.equal([up.bytesSent, up.bytesReceived]);
    expect(again).to.deep.equal([false, true]);
  });

  it("tell what the offline queue holds", async () => {
    await rig.gateway();
    const device = rig.usmp({ offlineQueue: {} });
    await rig.connect(device);
    rig.network.cut();
    await rig.pass();
    device.send("held");
    expect(device.stats()).to.include({ queuedMessages: 1, queuedBytes: 4 });
    await rig.pass(FIRST_WINDOW_MS);
    expect(device.stats()).to.include({ queuedMessages: 0, queuedBytes: 0, messagesSent: 1 });
  });
});

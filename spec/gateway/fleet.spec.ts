import { expect } from "chai";
import { Fleet, type FleetHandlers } from "../../lib/gateway/fleet.js";
import { SessionTotals } from "../../lib/session/stats.js";
import { crypto } from "../support/core-crypto.js";
import { DEVICE_A, DEVICE_B, NetworkRig, TEXT_PSK } from "../support/session-network.js";
import { microtasks } from "../support/session-waits.js";

class Rig {
  /** Its own server stays unused: the fleet has one. */
  readonly network = new NetworkRig();
  readonly told: string[] = [];
  wanted = true;
  readonly fleet: Fleet;

  constructor(polled = false) {
    const handlers: FleetHandlers = {
      onConnect: ({ deviceId }, again) => this.told.push(`connect ${deviceId}${again ? " again" : ""}`),
      onDisconnect: ({ code }, { deviceId }) => this.told.push(`disconnect ${deviceId} ${code}`),
      onMessage: (data, { deviceId }) => this.told.push(`message ${deviceId} ${new TextDecoder().decode(data)}`),
      onDrain: ({ deviceId }) => this.told.push(`drain ${deviceId}`),
      onDropped: ({ code }) => this.told.push(`dropped ${code}`),
      onRefused: ({ code }, address) => this.told.push(`refused ${code} ${address}`),
      onError: ({ code }) => this.told.push(`error ${code}`),
      wantsMessages: () => this.wanted,
    };
    const { clock } = this.network;
    this.fleet = new Fleet({ psk: TEXT_PSK, clock, crypto, maxUnsentBytes: 1 }, polled, new SessionTotals(), handlers);
  }

  async listen(): Promise<this> {
    await this.fleet.listen([this.network.network.acceptor()]);
    return this;
  }
}

describe("Fleet", () => {
  it("tells the sessions of all devices in one place", async () => {
    const rig = await new Rig().listen();
    const first = await rig.network.connected();
    const second = await rig.network.connected({ deviceId: DEVICE_B });
    first.send("a");
    second.send("b");
    await rig.network.still();
    await rig.network.settled(first.disconnect());
    expect(rig.told).to.deep.equal([
      `connect ${DEVICE_A}`,
      `connect ${DEVICE_B}`,
      `message ${DEVICE_A} a`,
      `message ${DEVICE_B} b`,
      `disconnect ${DEVICE_A} BYE`,
    ]);
    expect(rig.fleet.sessions().map(({ deviceId }) => deviceId)).to.deep.equal([DEVICE_B]);
    expect(rig.fleet.session(DEVICE_B)?.isConnected).to.equal(true);
  });

  it("knows a device that had a session before", async () => {
    const rig = await new Rig().listen();
    for (let rounds = 0; rounds < 2; rounds++) {
      const client = await rig.network.connected();
      await rig.network.settled(client.disconnect());
    }
    expect(rig.told.filter((told) => told.startsWith("connect"))).to.deep.equal([
      `connect ${DEVICE_A}`,
      `connect ${DEVICE_A} again`,
    ]);
  });

  it("tells of a takeover: disconnect SUPERSEDED, then connect", async () => {
    const rig = await new Rig().listen();
    await rig.network.connected();
    await rig.network.connected();
    expect(rig.told).to.deep.equal([
      `connect ${DEVICE_A}`,
      `disconnect ${DEVICE_A} SUPERSEDED`,
      `connect ${DEVICE_A} again`,
    ]);
  });

  it("leaves messages that nobody takes to the session's own readers, also after somebody took some", async () => {
    const rig = await new Rig().listen();
    rig.wanted = false;
    const client = await rig.network.connected();
    const session = rig.fleet.session(DEVICE_A)!;
    client.send("for read");
    await rig.network.still();
    expect(session.readString()).to.equal("for read");

    rig.wanted = true;
    rig.fleet.listenToAll();
    client.send("for the fleet");
    await rig.network.still();
    rig.wanted = false;
    client.send("for read again");
    await rig.network.still();
    expect(rig.told.filter((told) => told.startsWith("message"))).to.deep.equal([`message ${DEVICE_A} for the fleet`]);
    expect(session.readString()).to.equal("for read again");
  });

  it("passes on what waited once somebody takes messages", async () => {
    const rig = await new Rig().listen();
    rig.wanted = false;
    const client = await rig.network.connected();
    client.send("early");
    await rig.network.still();
    rig.wanted = true;
    rig.fleet.listenToAll();
    await microtasks();
    expect(rig.told.at(-1)).to.equal(`message ${DEVICE_A} early`);
  });

  it("keeps messages for readOut where it is polled", async () => {
    const rig = await new Rig(true).listen();
    const client = await rig.network.connected();
    client.send("a");
    await rig.network.still();
    client.send("b");
    await rig.network.still();
    expect(rig.told).to.deep.equal([`connect ${DEVICE_A}`]);
    const session = rig.fleet.session(DEVICE_A)!;
    rig.fleet.readOut(session);
    expect(rig.told.slice(1)).to.deep.equal([`message ${DEVICE_A} a`, `message ${DEVICE_A} b`]);
    rig.wanted = false;
    client.send("c");
    await rig.network.still();
    rig.fleet.readOut(session);
    expect(session.readString()).to.equal("c");
  });

  it("tells drain, drops and errors", async () => {
    const rig = await new Rig().listen();
    await rig.network.connected();
    const session = rig.fleet.session(DEVICE_A)!;
    session.on("drain", () => {
      throw new Error("boom");
    });
    expect([session.send("a"), session.send("b")]).to.deep.equal([true, false]);
    await rig.network.still();
    expect(rig.told.slice(1).sort()).to.deep.equal([`drain ${DEVICE_A}`, "dropped BUFFER_FULL", "error HANDLER"]);
  });

  it("stop ends all sessions and leaves nothing", async () => {
    const rig = await new Rig().listen();
    rig.fleet.unref();
    const client = await rig.network.connected();
    await rig.network.settled(rig.fleet.stop({}));
    await rig.network.still();
    expect((await client.session!.closed).code).to.equal("BYE");
    expect(rig.told.at(-1)).to.equal(`disconnect ${DEVICE_A} CLOSED`);
    expect([rig.network.clock.pending, rig.network.network.openCables]).to.deep.equal([0, 0]);
  });
});

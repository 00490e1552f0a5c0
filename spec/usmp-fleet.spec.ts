import { expect } from "chai";
import type { UsmpSession } from "../lib/session/session.js";
import { Usmp } from "../lib/usmp.js";
import { crypto } from "./support/core-crypto.js";
import { DEVICE_A, DEVICE_B, NetworkRig, TEXT_PSK } from "./support/session-network.js";
import { microtasks } from "./support/session-waits.js";

class Rig {
  /** Its own server stays unused: the facade has one. */
  readonly network = new NetworkRig();
  readonly told: string[] = [];
  readonly usmp: Usmp;

  constructor(polled = false) {
    const { clock } = this.network;
    this.usmp = new Usmp(TEXT_PSK, { clock, crypto, maxUnsentBytes: 1, polled });
    this.usmp.onReconnect(({ deviceId }) => this.told.push(`again ${deviceId}`));
    this.usmp.onConnect(({ deviceId }) => this.told.push(`connect ${deviceId}`));
    this.usmp.onDisconnect(({ code }, { deviceId }) => this.told.push(`disconnect ${deviceId} ${code}`));
    this.usmp.on("drain", ({ deviceId }) => this.told.push(`drain ${deviceId}`));
    this.usmp.on("dropped", ({ code }) => this.told.push(`dropped ${code}`));
    this.usmp.onError(({ code }) => this.told.push(`error ${code}`));
    this.wants(true);
  }

  wants(messages: boolean): void {
    const tell = (data: Uint8Array, _length: number, { deviceId }: UsmpSession): unknown =>
      this.told.push(`message ${deviceId} ${new TextDecoder().decode(data)}`);
    this.usmp.onMessage(messages ? tell : null);
  }

  async listen(): Promise<this> {
    await this.usmp.listen(this.network.network.acceptor());
    return this;
  }
}

describe("A listening Usmp", () => {
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
    expect(rig.usmp.sessions().map(({ deviceId }) => deviceId)).to.deep.equal([DEVICE_B]);
    expect(rig.usmp.session(DEVICE_B)?.isConnected).to.equal(true);
  });

  it("knows a device that had a session before", async () => {
    const rig = await new Rig().listen();
    for (let rounds = 0; rounds < 2; rounds++) {
      const client = await rig.network.connected();
      await rig.network.settled(client.disconnect());
    }
    expect(rig.told.filter((told) => /connect|again/.test(told) && !told.startsWith("dis"))).to.deep.equal([
      `connect ${DEVICE_A}`,
      `again ${DEVICE_A}`,
      `connect ${DEVICE_A}`,
    ]);
  });

  it("tells of a takeover: disconnect SUPERSEDED, then connect", async () => {
    const rig = await new Rig().listen();
    await rig.network.connected();
    await rig.network.connected();
    expect(rig.told).to.deep.equal([
      `connect ${DEVICE_A}`,
      `disconnect ${DEVICE_A} SUPERSEDED`,
      `again ${DEVICE_A}`,
      `connect ${DEVICE_A}`,
    ]);
  });

  it("leaves messages that nobody takes to the session's own readers, also after somebody took some", async () => {
    const rig = await new Rig().listen();
    rig.wants(false);
    const client = await rig.network.connected();
    const session = rig.usmp.session(DEVICE_A)!;
    client.send("for read");
    await rig.network.still();
    expect(session.readString()).to.equal("for read");

    rig.wants(true);
    client.send("for the fleet");
    await rig.network.still();
    rig.wants(false);
    client.send("for read again");
    await rig.network.still();
    expect(rig.told.filter((told) => told.startsWith("message"))).to.deep.equal([`message ${DEVICE_A} for the fleet`]);
    expect(session.readString()).to.equal("for read again");
  });

  it("passes on what waited once somebody takes messages", async () => {
    const rig = await new Rig().listen();
    rig.wants(false);
    const client = await rig.network.connected();
    client.send("early");
    await rig.network.still();
    rig.wants(true);
    await microtasks();
    expect(rig.told.at(-1)).to.equal(`message ${DEVICE_A} early`);
  });

  it("keeps messages for maintain() if it is polled", async () => {
    const rig = await new Rig(true).listen();
    const client = await rig.network.connected();
    client.send("a");
    await rig.network.still();
    client.send("b");
    await rig.network.still();
    expect(rig.told).to.deep.equal([]);
    const session = rig.usmp.session(DEVICE_A)!;
    rig.usmp.maintain();
    expect(rig.told).to.deep.equal([`connect ${DEVICE_A}`, `message ${DEVICE_A} a`, `message ${DEVICE_A} b`]);
    rig.wants(false);
    client.send("c");
    await rig.network.still();
    rig.usmp.maintain();
    expect(session.readString()).to.equal("c");
  });

  it("tells drain, drops and errors", async () => {
    const rig = await new Rig().listen();
    await rig.network.connected();
    const session = rig.usmp.session(DEVICE_A)!;
    session.on("drain", () => {
      throw new Error("boom");
    });
    expect([session.send("a"), session.send("b")]).to.deep.equal([true, false]);
    await rig.network.still();
    expect(rig.told.slice(1).sort()).to.deep.equal([`drain ${DEVICE_A}`, "dropped BUFFER_FULL", "error HANDLER"]);
  });

  it("stop ends all sessions and leaves nothing", async () => {
    const rig = await new Rig().listen();
    rig.usmp.unref();
    const client = await rig.network.connected();
    await rig.network.settled(rig.usmp.close());
    await rig.network.still();
    expect((await client.session!.closed).code).to.equal("BYE");
    expect(rig.told.at(-1)).to.equal(`disconnect ${DEVICE_A} CLOSED`);
    expect([rig.network.clock.pending, rig.network.network.openCables]).to.deep.equal([0, 0]);
  });
});

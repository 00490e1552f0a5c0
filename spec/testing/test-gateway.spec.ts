import { expect } from "chai";
import { UsmpClient } from "../../lib/device/client.js";
import { USMPClient } from "../../lib/arduino/client/usmp-client.js";
import { delay } from "../../lib/arduino/time.js";
import { TestGateway, type TestGatewayOptions } from "../../lib/testing/test-gateway.js";
import { VirtualBoard } from "../../lib/testing/virtual-board.js";
import { Usmp } from "../../lib/usmp.js";
import { PSK, TCP } from "../support/sketch-rig.js";

const ONE = "02:00:00:00:00:0a";
const TWO = "02:00:00:00:00:0b";

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "it resolved",
    (error: unknown) => (error as Error).message,
  );

describe("TestGateway", () => {
  let gateway: TestGateway;
  let devices: Usmp[] = [];

  function make(options: Partial<TestGatewayOptions> = {}): TestGateway {
    return (gateway = new TestGateway({ psk: PSK, ...options }));
  }

  /** A device of this library, without a sketch, that has begun. */
  async function connected(deviceId: string = ONE, kind: "tcp" | "udp" = "tcp", psk = PSK): Promise<Usmp> {
    await gateway.ready;
    const device = new Usmp(psk, { clock: gateway.clock, deviceId });
    devices.push(device);
    device.beginAsync(gateway.transport(kind));
    await gateway.waitForSession({ deviceId });
    await gateway.clock.advanceUntil(() => device.alive(), 1_000);
    return device;
  }

  afterEach(async () => {
    gateway.restoreNetwork();
    for (const device of devices) void device.close();
    devices = [];
    await gateway.close();
    await gateway.clock.advance(2_000);
    expect(gateway.clock.pending).to.equal(0);
  });

  for (const kind of ["tcp", "udp"] as const) {
    it(`gives messages over ${kind} one by one, as text and as bytes, and moves time until each is there`, async () => {
      make({ conditions: { latencyMs: 70 } });
      const device = await connected(ONE, kind);
      const before = gateway.clock.now();
      device.send("first");
      device.send(Uint8Array.of(0, 255));
      expect(await gateway.next()).to.equal("first");
      expect(gateway.clock.now() - before).to.equal(70);
      expect([...(await gateway.nextBytes())]).to.deep.equal([0, 255]);
      expect(gateway.messages.map(({ deviceId, text }) => [deviceId, text.length])).to.deep.equal([
        [ONE, 5],
        [ONE, 2],
      ]);
      expect(gateway.messages[0]?.atMs).to.equal(before + 70);
    });
  }

  it("sees what comes where somebody removes all listeners of its facade, of which its own are none", async () => {
    make();
    expect(gateway.usmp.eventNames()).to.deep.equal([]);
    gateway.usmp.removeAllListeners();
    (await connected()).send("hello");
    expect(await gateway.next()).to.equal("hello");
  });

  it("gives the messages of one device alone, where it is named", async () => {
    make();
    const [one, two] = [await connected(ONE), await connected(TWO)];
    one.send("from one");
    two.send("from two");
    expect(await gateway.next({ deviceId: TWO })).to.equal("from two");
    expect(await gateway.nextMessage()).to.include({ deviceId: ONE, text: "from one" });
  });

  it("says in its error what did come, what the boards do, and the seed", async () => {
    make({ seed: 77 });
    const board = new VirtualBoard({ gateway });
    await board.start(() => {
      const usmp = new USMPClient(PSK);
      return {
        setup: async () => {
          await usmp.begin(TCP);
          usmp.send("the only one");
          await delay(600_000);
        },
      };
    });
    expect(await gateway.next()).to.equal("the only one");
    const message = await messageOf(gateway.next({ withinMs: 500 }));
    expect(message).to.match(/^no message came within 500 ms \(seed: 77\)\. What the gateway saw:/);
    expect(message).to.match(/\d+ ms: 02:00:00:00:00:01 sent "the only one"/);
    expect(message).to.contain("The board 02:00:00:00:00:01: running, in life 1 (seed: 1); printed nothing");
    await board.stop();
  });

  it("rejects with the error of a sketch that failed meanwhile", async () => {
    make();
    const board = new VirtualBoard({ gateway });
    await board.start(() => ({
      loop: async () => {
        await delay(100);
        throw new Error("no sensor");
      },
    }));
    expect(await messageOf(gateway.next())).to.match(/^loop\(\): no sensor/);
    await board.stop();
  });

  it("expects nothing for a time, and says what came nevertheless, also before", async () => {
    make();
    const device = await connected();
    await gateway.expectNothing(5_000);
    device.send("unwanted");
    expect(await messageOf(gateway.expectNothing(1_000))).to.match(/^a message is there, "unwanted", where none/);
    expect(await messageOf(gateway.expectNothing(0))).to.contain("unwanted");
  });

  it("sends to the only device, or to the one that is named, and says which there are", async () => {
    make();
    expect(() => gateway.send("x")).to.throw("no device has a session: await waitForSession()");
    const got: string[] = [];
    for (const id of [ONE, TWO]) {
      const device = await connected(id);
      device.onMessage((data) => void got.push(`${id} ${data.toString()}`));
      if (id === ONE) gateway.send("to the only one");
    }
    expect(() => gateway.send("x")).to.throw(`2 devices have a session: name one, such as "${ONE}"`);
    expect(() => gateway.send("x", "02:00:00:00:00:0c")).to.throw("02:00:00:00:00:0c has no session");
    gateway.send(Uint8Array.of(0x41), TWO);
    await gateway.clock.advance(10);
    expect(got).to.deep.equal([`${ONE} to the only one`, `${TWO} A`]);
  });

  it("throws where a message cannot be sent", async () => {
    make();
    await connected();
    expect(() => gateway.send(new Uint8Array(1_809))).to.throw("the message was not sent: ");
  });

  it("waits for a session and for its end, within bounds", async () => {
    make();
    expect(await messageOf(gateway.waitForSession({ withinMs: 50 }))).to.match(/^no session came within 50 ms/);
    const device = await connected();
    expect([gateway.connected, (await gateway.waitForSession()).deviceId]).to.deep.equal([true, ONE]);
    expect(await messageOf(gateway.waitForDisconnect({ withinMs: 50 }))).to.match(
      /^a session was still there after 50/,
    );
    void device.close();
    await gateway.waitForDisconnect({ deviceId: ONE });
    expect(gateway.connected).to.equal(false);
  });

  it("tells nobody that the network is lost, and a minute later both sides know", async () => {
    make();
    const device = await connected();
    gateway.loseNetwork();
    const lostAt = gateway.clock.now();
    await gateway.waitForDisconnect();
    expect(gateway.clock.now() - lostAt).to.be.within(59_000, 61_000);
    await gateway.clock.advance(2_000);
    expect(device.alive()).to.equal(false);
    gateway.restoreNetwork();
    await gateway.waitForSession({ withinMs: 60_000 });
  });

  it("drops connections so that both sides are told at once", async () => {
    make();
    const device = await connected();
    const codes: string[] = [];
    device.onDisconnect(({ code }) => void codes.push(code));
    gateway.dropConnection();
    await gateway.waitForDisconnect({ withinMs: 10 });
    await gateway.clock.settle();
    expect(codes).to.deep.equal(["TRANSPORT"]);
  });

  it("refuses every key until it accepts them again, and leaves live sessions alone", async () => {
    make();
    const device = await connected();
    gateway.refuseKey();
    await gateway.clock.advance(10_000);
    expect(gateway.connected).to.equal(true);
    gateway.dropConnection();
    await gateway.clock.advance(10 * 60_000);
    expect([gateway.connected, device.lastErrorString().split(":")[0]]).to.deep.equal([false, "AUTH"]);
    gateway.acceptKey();
    await gateway.waitForSession({ withinMs: 31_000 });
  });

  it("knows a table of keys", async () => {
    make({ psk: { [ONE]: PSK, [TWO]: `${PSK}, another` } });
    await connected(ONE);
    await connected(TWO, "tcp", `${PSK}, another`);
    expect(gateway.sessions).to.have.lengthOf(2);
  });

  it("is away for a time when it restarts, and takes exactly that time", async () => {
    make();
    const device = await connected();
    const before = gateway.clock.now();
    await gateway.restart({ downMs: 5_000 });
    expect([gateway.clock.now() - before, device.alive(), gateway.connected]).to.deep.equal([5_000, false, false]);
    await gateway.waitForSession({ withinMs: 31_000 });
    await gateway.clock.advance(10);
    device.send("back");
    expect(await gateway.next()).to.equal("back");
  });

  it("restarts while the network is lost, too", async () => {
    make();
    await connected();
    gateway.loseNetwork();
    await gateway.restart({ downMs: 0 });
    expect(gateway.connected).to.equal(false);
  });

  it("shows the network's conditions, and takes others on the way", async () => {
    make({ conditions: { loss: 0.5 } });
    expect(gateway.conditions).to.deep.equal({ latencyMs: 1, loss: 0.5 });
    gateway.conditions = { latencyMs: 500 };
    const before = gateway.clock.now();
    await connected();
    expect(gateway.clock.now() - before).to.be.at.least(2_000);
    expect(() => (gateway.conditions = { loss: 2 }))
      .to.throw("loss")
      .with.property("code", "INVALID_ARG");
  });

  it("serves a client in promise style", async () => {
    make();
    await gateway.ready;
    const client = new UsmpClient({ psk: PSK, transport: gateway.transport(), clock: gateway.clock });
    void client.connect();
    const session = await gateway.waitForSession();
    gateway.usmp.onMessage((data) => session.send(`echo ${data.toString()}`));
    await gateway.clock.advance(10);
    const answer = client.sendAsync("hi").then(() => client.recv());
    expect(await gateway.next()).to.equal("hi");
    await gateway.clock.advance(10);
    expect((await answer).toString()).to.equal("echo hi");
    void client.disconnect();
  });

  it("takes no two boards of one id", () => {
    make();
    new VirtualBoard({ gateway });
    expect(() => new VirtualBoard({ gateway })).to.throw(
      "there is a board 02:00:00:00:00:01 on this gateway: give the next one another, new VirtualBoard({ deviceId })",
    );
  });

  it("throws INVALID_ARG for a bad key or a misspelt option, and never shows the key", () => {
    make();
    expect(() => new TestGateway({ psk: "short secret" }))
      .to.throw()
      .with.property("code", "INVALID_ARG");
    expect(() => new TestGateway({ psk: "short secret" })).to.not.throw("short secret");
    expect(() => new TestGateway({ psk: PSK, sesionTimeoutMs: 1 } as TestGatewayOptions)).to.throw("sesionTimeoutMs");
  });
});

/** The facade over UDP: as over TCP, on real sockets and on a network in memory that loses, doubles and stands still. */
import { expect } from "chai";
import { UsmpErrno } from "../lib/errors.js";
import { Usmp } from "../lib/usmp.js";
import { DatagramRig } from "./support/datagram-rig.js";
import { PSK } from "./support/facade-rig.js";
import { eventually, rejectionOf, soon } from "./support/session-waits.js";

const LOOPBACK = "127.0.0.1";
const DEVICE = "24:0a:c4:00:00:0a";

describe("Usmp over UDP", () => {
  describe("on real sockets", () => {
    const facades: Usmp[] = [];

    afterEach(async () => {
      await Promise.all(facades.splice(0).map((facade) => facade.close()));
    });

    function usmp(psk = PSK, options: ConstructorParameters<typeof Usmp>[1] = {}): Usmp {
      const facade = new Usmp(psk, options);
      facades.push(facade);
      return facade;
    }

    it("listens on TCP and UDP at once, and its sessions are alike", async () => {
      const gateway = usmp();
      const heard: string[] = [];
      gateway.onMessage(
        (data, len, session) => (heard.push(`${len} ${data.toString()}`), session.send(`to ${data.toString()}`)),
      );
      const [tcp, udp] = await gateway.listen(Usmp.TCP(LOOPBACK, 0), Usmp.UDP(LOOPBACK, 0));
      expect([tcp?.transport, udp?.transport]).to.deep.equal(["tcp", "udp"]);
      const got: string[] = [];
      for (const [name, transport] of [
        ["tcp", Usmp.TCP(LOOPBACK, tcp!.port)],
        ["udp", Usmp.UDP(LOOPBACK, udp!.port)],
      ] as const) {
        const device = usmp();
        device.onMessage((data) => got.push(`${name}: ${data.toString()}`));
        expect(await device.begin(transport), device.lastErrorString()).to.equal(true);
        expect(device.send(name)).to.equal(true);
        await eventually(() => got.includes(`${name}: to ${name}`), "the answer");
        expect(await device.ping()).to.be.at.least(0);
        await device.rekey();
      }
      expect(heard).to.deep.equal(["3 tcp", "3 udp"]);
      expect(gateway.sessions().map(({ remoteAddress }) => remoteAddress)).to.deep.equal([LOOPBACK, LOOPBACK]);
      expect(gateway.broadcast("all")).to.equal(2);
      await eventually(() => got.includes("tcp: all") && got.includes("udp: all"), "the broadcast");
    });

    it("frees both ports with close()", async () => {
      const gateway = usmp();
      const [tcp, udp] = await gateway.listen(Usmp.TCP(LOOPBACK, 0), Usmp.UDP(LOOPBACK, 0));
      await gateway.close();
      const again = usmp();
      expect(await again.listen(Usmp.TCP(LOOPBACK, tcp!.port), Usmp.UDP(LOOPBACK, udp!.port))).to.have.lengthOf(2);
    });

    it("says at once that nobody listens, as over TCP", async () => {
      const gateway = usmp();
      const [address] = await gateway.listen(Usmp.UDP(LOOPBACK, 0));
      await gateway.close();
      const device = usmp(PSK, { reconnect: false });
      expect(await soon(device.begin(Usmp.UDP(LOOPBACK, address!.port)), "the refusal")).to.equal(false);
      expect(device.lastErrorString()).to.match(/^TRANSPORT: nothing listens/);
    });

    it("names the gateway on 0.0.0.0 that answers from another address; one on the dialled address is reached", async function () {
      // Only on Linux is all of 127.0.0.0/8 this machine.
      if (process.platform !== "linux") this.skip();
      const dialled = "127.0.0.2";
      const gateway = usmp();
      const [address] = await gateway.listen(Usmp.UDP("0.0.0.0", 0));
      const device = usmp(PSK, { reconnect: false, handshakeTimeoutMs: 300 });
      expect(await device.begin(Usmp.UDP(dialled, address!.port))).to.equal(false);
      expect(device.lastErrorString()).to.match(
        /^TIMEOUT: .*0\.0\.0\.0 or :: and so answer from another of its addresses/,
      );
      await gateway.close();
      await gateway.listen(Usmp.UDP(LOOPBACK, address!.port), Usmp.UDP(dialled, address!.port));
      const patient = usmp(PSK, { reconnect: false });
      expect(await patient.begin(Usmp.UDP(dialled, address!.port)), patient.lastErrorString()).to.equal(true);
    });
  });

  describe("on a network in memory", () => {
    let rig: DatagramRig;
    let device: Usmp;

    beforeEach(async () => {
      rig = await new DatagramRig().listen();
      device = rig.usmp({ deviceId: DEVICE });
      expect(await rig.until(device.begin(rig.network.dialer()))).to.equal(true);
    });

    afterEach(async () => {
      await rig.close();
      expect(rig.clock.pending, "timers left behind").to.equal(0);
    });

    it("resolves sendAsync when the message was acknowledged, and rejects where the session is lost before", async () => {
      await rig.until(device.sendAsync("one"));
      rig.network.frozen = true;
      const lost = rejectionOf(device.sendAsync("two"), "TIMEOUT");
      await rig.clock.advance(60_000);
      await lost;
      expect(device.state()).not.to.equal("established");
    });

    it("case 44: loses the session where nothing is acknowledged, and comes back by itself", async () => {
      const told: string[] = [];
      device.onDisconnect(({ code }) => told.push(code));
      device.onReconnect(() => told.push("reconnect"));
      device.onConnect(() => told.push("connect"));
      device.send("into the dark");
      rig.network.frozen = true;
      await rig.clock.advance(30_000);
      expect(told).to.deep.equal(["TIMEOUT"]);
      rig.network.frozen = false;
      await rig.clock.advance(60_000);
      expect(told).to.deep.equal(["TIMEOUT", "reconnect", "connect"]);
      expect(rig.events).to.include(`disconnect ${DEVICE} SUPERSEDED`);
    });

    it("case 45: lets a receiver pause, and delivers what waited once and in order", async () => {
      const got: string[] = [];
      rig.gateway.onMessage((data) => got.push(data.toString()));
      rig.gateway.pause();
      const sending = ["a", "b", "c"].map((text) => device.sendAsync(text));
      await rig.clock.advance(5_000);
      expect(got).to.deep.equal([]);
      rig.gateway.resume();
      await rig.until(Promise.all(sending));
      expect(got).to.deep.equal(["a", "b", "c"]);
    });

    it("case 45: ends the session where the receiver pauses for longer than the sender's patience", async () => {
      rig.gateway.pause();
      device.send("never read");
      await rig.clock.advance(45_000);
      expect(device.lastErrorString()).to.match(/^TIMEOUT/);
    });

    it("case 47: delivers every message once and in order with 10% lost, 10% doubled and much overtaken", async () => {
      const bad = { loss: 0.1, duplicate: 0.1, reorder: 0.2, reorderByMs: 700, latencyMs: 10, jitterMs: 30 };
      rig.network.conditions = { toAcceptor: bad, toDialer: bad };
      const got: string[] = [];
      device.onMessage((data) => got.push(data.toString()));
      const texts = Array.from({ length: 60 }, (_, index) => `${index}`);
      for (const text of texts) expect(device.send(text)).to.equal(true);
      await rig.clock.advance(120_000);
      expect(rig.events.filter((event) => event.startsWith("message"))).to.deep.equal(
        texts.map((text) => `message ${text}`),
      );
      expect(got).to.deep.equal(texts);
      expect(device.stats().retransmissions).to.be.greaterThan(5);
      expect(device.stats().roundTripMs).to.be.within(20, 400);
    });

    it("case 60: reports a wrong key as AUTH, and retries it at the cap", async () => {
      const stranger = rig.usmp({ deviceId: "24:0a:c4:00:00:0b" }, "another key, as long as it has to be");
      expect(await rig.until(stranger.begin(rig.network.dialer()))).to.equal(false);
      expect(stranger.lastError()?.errno).to.equal(UsmpErrno.AUTH_FAILED);
      const { value } = await stranger.status()[Symbol.asyncIterator]().next();
      expect(value).to.deep.include({ state: "backoff", delayMs: 30_000 });
    });

    it("refuses to send beyond its limit, and says when there is room", async () => {
      await rig.until(device.close());
      const small = rig.usmp({ maxUnsentBytes: 1_000 });
      await rig.until(small.begin(rig.network.dialer()));
      let drained = 0;
      small.on("drain", () => drained++);
      let sent = 0;
      while (small.send("x".repeat(100))) sent++;
      expect(sent).to.be.within(9, 12);
      expect(small.lastError()?.errno).to.equal(UsmpErrno.BUFFER_OVERFLOW);
      await rig.clock.advance(100);
      expect(drained).to.equal(1);
    });

    it("notices a gateway that is gone although it only sends, or only listens (case 70)", async () => {
      rig.network.frozen = true;
      await rig.clock.advance(60_000);
      expect(device.lastErrorString()).to.match(/^TIMEOUT/);
    });

    it("closes within its limit where nobody acknowledges BYE", async () => {
      rig.network.frozen = true;
      const before = rig.clock.now();
      await rig.until(device.close());
      expect(rig.clock.now() - before).to.be.at.most(1_250);
      rig.network.frozen = false;
    });
  });
});

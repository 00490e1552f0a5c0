/** adversarial-cases.md: who wants to use up what a gateway has, and keep others out by it. */
import { expect } from "chai";
import { FrameType } from "../../lib/core/wire/wire.js";
import type { UsmpClient } from "../../lib/device/client.js";
import { DEFAULT_LIMITS } from "../../lib/gateway/admission/limits.js";
import { UsmpServer } from "../../lib/gateway/server.js";
import type { LogFields, Logger } from "../../lib/session/event-log.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import type { DatagramHandlers, DatagramPeer } from "../../lib/transport/transport.js";
import { counted, filled, utf8 } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { plainFrame } from "../support/core-frames.js";
import { DatagramRig } from "../support/datagram-rig.js";
import { dialerFrom } from "../support/from-address.js";
import { heldBytes } from "../support/heap.js";
import { IdleCrowd } from "../support/idle-crowd.js";
import { EchoGateway, expectEcho } from "../support/session-echo.js";
import { HostileDevice } from "../support/session-hostile.js";
import { TEXT_PSK } from "../support/session-network.js";
import { eventually, soon, standsStill } from "../support/session-waits.js";

const NEW_DEVICE = "24:0a:c4:00:00:99";
const NEW_ADDRESS = "127.99.0.1";
const CROWD = 2_000;

describe("adversarial: exhaustion", () => {
  before(function () {
    // Elsewhere one has to be given each address of 127.0.0.0/8.
    if (process.platform !== "linux") this.skip();
  });

  /** A device that was never here, from an address that was not either. */
  async function newDevice(gateway: EchoGateway): Promise<UsmpClient> {
    const device = gateway.unconnected({ transport: dialerFrom(NEW_ADDRESS, gateway.port), deviceId: NEW_DEVICE });
    await soon(device.connect(), "a new device");
    return device;
  }

  for (const [what, address] of [
    ["addresses of their own", undefined],
    ["the very address of a new device", NEW_ADDRESS],
  ] as const) {
    it(`case 54: 2,000 idle connections from ${what} are capped and closed in time; a session goes on, and a new device gets in`, async () => {
      const clock = new VirtualClock();
      const gateway = await EchoGateway.start({ clock });
      const crowd = new IdleCrowd(gateway.port, CROWD, address);
      try {
        await gateway.beside(async () => {
          // No time passes, so that every place stays taken.
          await eventually(() => crowd.allOpened, "all of the crowd");
          // The system holds some of them until the gateway takes them.
          await standsStill(() => gateway.endings.length);
          const sockets = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
          expect(sockets, "sockets at once").to.be.below(500);
          // As many as may come in a second did.
          await clock.advance(1_000);
          await clock.advance(1_000);
          const device = await newDevice(gateway);
          await expectEcho(device, "a new device");
          await clock.advance(DEFAULT_LIMITS.helloTimeoutMs - 1_000);
          expect(await soon(crowd.report(), "the end of the crowd")).to.deep.include({
            opened: CROWD,
            failed: 0,
            closed: CROWD,
          });
          await expectEcho(device, "it goes on");
        });
        expect(new Set(gateway.codes)).to.deep.equal(new Set(["LIMIT", "TIMEOUT"]));
        expect(gateway.errors).to.deep.equal([]);
      } finally {
        await crowd.kill();
        await gateway.stop();
      }
    });
  }

  it("case 55: over UDP 100,000 HELLOs from changing addresses leave no entry, and no memory", async () => {
    const clock = new VirtualClock(1_000);
    const told: string[] = [];
    const server = new UsmpServer({ psk: TEXT_PSK, clock, crypto });
    server.on("refused", ({ code }) => told.push(code));
    let handlers: DatagramHandlers | undefined;
    const listener = { kind: "spec", address: "here", port: 7, close: async () => {}, unref: () => {} };
    const listen = async (given: DatagramHandlers) => ((handlers = given), listener);
    await server.listen({ carries: "datagrams", listen });
    await clock.advance(0);

    let answered = 0;
    const send = (datagram: Uint8Array): void => void (answered += datagram.length);
    const hello = plainFrame(FrameType.HELLO, counted(38));
    const forged = plainFrame(FrameType.HELLO, Uint8Array.of(...counted(38), ...filled(16, 7)), 1);
    const flood = (count: number): void => {
      for (let at = 0; at < count; at++) {
        const address = `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
        const port = 1 + (at % 65_535);
        const peer: DatagramPeer = { key: `${address}|${port}`, address, port, send };
        handlers!.onDatagram(hello, peer);
        if (at % 10 === 0) handlers!.onDatagram(forged, peer);
      }
    };
    // Once before, so that what the engine keeps of the code itself does not count.
    flood(10_000);
    await clock.advance(1_000);
    const before = await heldBytes();
    answered = 0;
    for (let second = 0; second < 5; second++) {
      flood(20_000);
      await clock.advance(1_000);
    }
    expect((await heldBytes()) - before).to.be.below(500_000);
    expect(answered, "35 bytes for each, none for a forged cookie").to.equal(100_000 * 35);
    expect([clock.pending, told]).to.deep.equal([0, []]);
    await server.stop();
  });

  it("case 55: whoever speaks in the name of a victim's address and port neither locks nor slows the victim", async () => {
    const times: number[] = [];
    for (const spoofed of [0, 5_000]) {
      const rig = await new DatagramRig({ lockoutAfterFailures: 1 }).listen();
      const inTheVictimsName = (): void => {
        const own = [...counted(6), ...counted(32, 9)];
        for (let at = 0; at < spoofed; at++) {
          rig.network.inject(plainFrame(FrameType.HELLO, Uint8Array.of(...own)), "memory", 4_000);
          rig.network.inject(
            plainFrame(FrameType.HELLO, Uint8Array.of(...own, ...filled(16, at & 255)), 1),
            "memory",
            4_000,
          );
          rig.network.inject(plainFrame(FrameType.HELLO_ACK, filled(32, at & 255)), "memory", 4_000);
        }
      };
      inTheVictimsName();
      const device = rig.usmp({ deviceId: NEW_DEVICE, reconnect: false });
      let tapped = 0;
      const { tap } = rig.network;
      rig.network.tap = (datagram, way) => {
        tap(datagram, way);
        // Once more in the middle of the victim's own handshake.
        if (way === "toAcceptor" && tapped++ === 1) inTheVictimsName();
      };
      expect(
        await rig.until(device.begin(rig.network.dialer(undefined, { port: 4_000 }))),
        device.lastErrorString(),
      ).to.equal(true);
      times.push(rig.clock.now());
      expect(rig.events).to.deep.equal([`connect ${NEW_DEVICE}`]);
      await rig.close();
    }
    expect(times[1]).to.equal(times[0]);
  });

  it("case 56: a flood of failed handshakes is ten lines a second, and a count of those left out", async () => {
    const clock = new VirtualClock();
    const lines: number[] = [];
    const keep = (event: string, fields: LogFields): void => {
      if (event === "handshake.refused") lines.push(Number(fields["leftOut"] ?? 0));
    };
    const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep };
    const gateway = await EchoGateway.start({ clock, logger });
    for (let second = 0, refused = 0; second < 3; second++) {
      for (let at = 0; at < 30; at++) {
        const device = await HostileDevice.connect(gateway.port, { localAddress: `127.1.0.${1 + at}` });
        device.write(plainFrame(FrameType.BYE, new Uint8Array(28)));
        await device.over();
        refused++;
      }
      await eventually(() => gateway.codes.length === refused, "the refusals");
      await clock.advance(1_000);
    }
    const firstOfSecond = [20, ...Array<number>(9).fill(0)];
    expect(lines).to.deep.equal([...Array<number>(10).fill(0), ...firstOfSecond, ...firstOfSecond]);
    await gateway.stop();
  });

  it("case 68: 16 addresses with 16 stalled handshakes each, which come again whenever one ends, keep no new device out", async () => {
    const clock = new VirtualClock();
    const gateway = await EchoGateway.start({
      clock,
      maxHandshakesPerSecond: 1_000_000,
      handshakeBurstPerAddress: 1_000_000,
    });
    const attack = { goesOn: true };
    let stalled = 0;
    const stall = async (address: number): Promise<void> => {
      while (attack.goesOn) {
        const device = await HostileDevice.connect(gateway.port, {
          localAddress: `127.2.0.${address}`,
          deviceId: counted(6, address),
          psk: utf8("a wrong key of 20 bytes"),
        });
        // Some say nothing, some stop after CHALLENGE.
        if (stalled++ % 2 === 0) device.write(device.hello());
        await eventually(() => device.closed || !attack.goesOn, "the end");
        device.destroy();
      }
    };
    const attackers = Array.from({ length: 256 }, (_, at) => stall(1 + (at >> 4)));
    await eventually(() => stalled >= 512, "the attack");
    await expectEcho(await newDevice(gateway), "a new device");
    attack.goesOn = false;
    await Promise.all(attackers);
    await gateway.stop();
  });
});

import { expect } from "chai";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { UsmpError } from "../../../lib/errors.js";
import { DEFAULT_LIMITS } from "../../../lib/gateway/admission/limits.js";
import { UdpDemultiplexer } from "../../../lib/gateway/udp/udp-demultiplexer.js";
import type { DatagramHandlers, DatagramPeer } from "../../../lib/transport/transport.js";
import { VirtualClock } from "../../../lib/testing/virtual-clock.js";
import { counted, filled, flipped } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { plainFrame } from "../../support/core-frames.js";
import { nameOf } from "../../support/datagram-pair.js";
import { microtasks } from "../../support/session-waits.js";
import { DatagramRig } from "../../support/datagram-rig.js";

const DEVICE_A = "24:0a:c4:00:00:0a";
const DEVICE_B = "24:0a:c4:00:00:0b";
const BROKEN = new Error("modem on fire");

function fails(): never {
  throw BROKEN;
}

const HELLO = plainFrame(FrameType.HELLO, counted(38));

describe("UdpDemultiplexer", () => {
  let rig: DatagramRig;

  beforeEach(async () => {
    rig = await new DatagramRig().listen();
  });

  afterEach(async () => {
    await rig.close();
    expect(rig.clock.pending, "timers left behind").to.equal(0);
    expect(rig.network.openLinks).to.equal(0);
  });

  function connect(deviceId: string, port?: number, options = {}) {
    const device = rig.usmp({ deviceId, reconnect: false, ...options });
    const dialer = rig.network.dialer(undefined, port === undefined ? {} : { port });
    return { device, connected: rig.until(device.begin(dialer)) };
  }

  it("answers a HELLO without cookie with 35 bytes, and keeps nothing (case 38)", async () => {
    const answers: Uint8Array[] = [];
    rig.network.tap = (datagram) => answers.push(datagram);
    for (let port = 1; port <= 100; port++) rig.network.inject(HELLO, "10.0.0.1", port);
    expect(answers.slice(0, 2).map(nameOf)).to.deep.equal(["UTACK HELLO 0", "HELLO_RETRY 0"]);
    expect(answers.slice(0, 2).reduce((bytes, { length }) => bytes + length, 0)).to.equal(35);
    expect(answers).to.have.lengthOf(200);
    await rig.clock.advance(0);
    expect(rig.clock.pending).to.equal(0);
    expect(rig.events).to.deep.equal([]);
  });

  it("drops a cookie that was made for another address, port or key, or is older than 60 s (case 39)", async () => {
    const answers: Uint8Array[] = [];
    rig.network.tap = (datagram) => answers.push(datagram);
    rig.network.inject(HELLO, "10.0.0.1", 1);
    const cookie = answers[1]!.subarray(12);
    const withCookie = (pubC: number): Uint8Array =>
      plainFrame(FrameType.HELLO, Uint8Array.of(...counted(6), ...counted(32, pubC), ...cookie), 1);
    answers.length = 0;
    rig.network.inject(withCookie(6), "10.0.0.2", 1);
    rig.network.inject(withCookie(6), "10.0.0.1", 2);
    rig.network.inject(withCookie(7), "10.0.0.1", 1);
    await rig.clock.advance(60_000);
    rig.network.inject(withCookie(6), "10.0.0.1", 1);
    expect(answers).to.deep.equal([]);
    expect(rig.events).to.deep.equal([]);
  });

  it("case 73: answers copies of a HELLO with its cookie 8 times a second, damaged ones never, and another HELLO at once", async () => {
    const answers: string[] = [];
    let cookie = counted(16);
    rig.network.tap = (datagram) => {
      answers.push(nameOf(datagram));
      if (datagram[3] === FrameType.HELLO_RETRY) cookie = datagram.slice(12);
    };
    const join = async (pubC: number): Promise<Uint8Array> => {
      const hello = Uint8Array.of(...counted(6), ...counted(32, pubC));
      rig.network.inject(plainFrame(FrameType.HELLO, hello), "10.0.0.1", 1);
      const joining = plainFrame(FrameType.HELLO, Uint8Array.of(...hello, ...cookie), 1);
      answers.length = 0;
      rig.network.inject(joining, "10.0.0.1", 1);
      await rig.clock.advance(0);
      expect(answers).to.deep.equal(["UTACK HELLO 1", "CHALLENGE 0"]);
      answers.length = 0;
      return joining;
    };
    const joining = await join(6);
    for (let copy = 0; copy < 100; copy++) rig.network.inject(flipped(joining, 4), "10.0.0.1", 1);
    expect(answers).to.deep.equal([]);
    for (let copy = 0; copy < 100; copy++) rig.network.inject(joining, "10.0.0.1", 1);
    expect(answers.filter((name) => name === "CHALLENGE 0")).to.have.lengthOf(8);
    await join(7);
    await rig.clock.advance(15_000);
  });

  it("case 73: answers two HELLOs with cookies in turns 8 times a second, too, and the next one a second later", async () => {
    const answers: Uint8Array[] = [];
    rig.network.tap = (datagram) => answers.push(datagram.slice());
    const joining = [6, 7].map((pubC) => {
      const hello = Uint8Array.of(...counted(6), ...counted(32, pubC));
      rig.network.inject(plainFrame(FrameType.HELLO, hello), "10.0.0.1", 1);
      return plainFrame(FrameType.HELLO, Uint8Array.of(...hello, ...answers.at(-1)!.subarray(12)), 1);
    });
    const challenges = async (rounds: number): Promise<number> => {
      answers.length = 0;
      for (let round = 0; round < rounds; round++) {
        for (const hello of joining) {
          rig.network.inject(hello, "10.0.0.1", 1);
          await rig.clock.advance(0);
        }
      }
      return answers.filter((answer) => nameOf(answer) === "CHALLENGE 0").length;
    };
    // Each of the two may be the one that began last, whose copies are answered as often once more.
    expect(await challenges(50)).to.be.within(8, 16);
    await rig.clock.advance(1_000);
    expect(await challenges(1)).to.be.at.least(1);
    await rig.clock.advance(15_000);
  });

  it("lets a device in that comes back with its cookie, and tells its address", async () => {
    const { device, connected } = connect(DEVICE_A, 4_000);
    expect(await connected, device.lastErrorString()).to.equal(true);
    expect(rig.wire.slice(0, 4)).to.deep.equal(["HELLO 0", "UTACK HELLO 0", "HELLO_RETRY 0", "UTACK HELLO_RETRY 0"]);
    const [session] = rig.sessions;
    expect([session!.deviceId, session!.remoteAddress, session!.remotePort]).to.deep.equal([DEVICE_A, "memory", 4_000]);
    await rig.until(device.sendAsync("hello"));
    expect(rig.events.at(-1)).to.equal("message hello");
  });

  for (const lost of [1, 2]) {
    it(`case 62: completes the handshake where the first ${lost} HELLO_RETRY are lost, one session`, async () => {
      let retries = 0;
      rig.network.tap = (datagram) => {
        const isRetry = nameOf(datagram).startsWith("HELLO_RETRY");
        if (isRetry) retries++;
        rig.network.frozen = isRetry && retries <= lost;
      };
      const { device, connected } = connect(DEVICE_A);
      expect(await connected, device.lastErrorString()).to.equal(true);
      expect(retries).to.be.greaterThan(lost);
      expect(rig.sessions).to.have.lengthOf(1);
    });
  }

  it("case 58: ends the old session of a device SUPERSEDED once its new HELLO_ACK verified, not before", async () => {
    const first = connect(DEVICE_A);
    await first.connected;
    // Somebody else who says to be that device, without its key.
    const wrong = rig.usmp(
      { deviceId: DEVICE_A, reconnect: false, handshakeTimeoutMs: 2_000 },
      "another key, as long as it has to be",
    );
    expect(await rig.until(wrong.begin(rig.network.dialer()))).to.equal(false);
    expect(first.device.alive()).to.equal(true);
    const second = connect(DEVICE_A);
    expect(await second.connected).to.equal(true);
    expect(rig.events).to.include(`disconnect ${DEVICE_A} SUPERSEDED`);
    expect(rig.gateway.sessions()).to.have.lengthOf(1);
    await rig.until(second.device.sendAsync("the new one"));
    expect(rig.events.at(-1)).to.equal("message the new one");
  });

  it("case 63: gives another device at the same address and port its session; the old one ends SUPERSEDED only then", async () => {
    const first = connect(DEVICE_A, 4_000);
    await first.connected;
    rig.wire.length = 0;
    const second = connect(DEVICE_B, 4_000);
    expect(rig.gateway.sessions().map(({ deviceId }) => deviceId)).to.deep.equal([DEVICE_A]);
    expect(await second.connected, second.device.lastErrorString()).to.equal(true);
    expect(rig.gateway.sessions().map(({ deviceId }) => deviceId)).to.deep.equal([DEVICE_B]);
    expect(rig.events.slice(-2)).to.have.members([`disconnect ${DEVICE_A} SUPERSEDED`, `connect ${DEVICE_B}`]);
  });

  it("case 63: gives a device that restarted on its port a new session", async () => {
    const first = connect(DEVICE_A, 4_000);
    await first.connected;
    const second = connect(DEVICE_A, 4_000);
    expect(await second.connected).to.equal(true);
    await rig.until(second.device.sendAsync("again"));
    expect(rig.events).to.deep.equal([
      `connect ${DEVICE_A}`,
      `disconnect ${DEVICE_A} SUPERSEDED`,
      `connect ${DEVICE_A}`,
      "message again",
    ]);
  });

  for (const [who, deviceId] of [
    ["the same device", DEVICE_A],
    ["another device", DEVICE_B],
  ] as const) {
    it(`case 79: names the session of ${who} already within the end of the one whose address and port it took`, async () => {
      await rig.close();
      rig = await new DatagramRig({ maxSessions: 1 }).listen();
      await connect(DEVICE_A, 4_000).connected;
      const found: (string | undefined)[] = [];
      rig.gateway.onDisconnect(({ code }) => {
        found.push(code, rig.gateway.session(deviceId)?.deviceId);
        found.push(...rig.gateway.sessions().map(({ sessionId }) => sessionId));
      });
      const { device, connected } = connect(deviceId, 4_000);
      expect(await connected, device.lastErrorString()).to.equal(true);
      expect(found).to.deep.equal(["SUPERSEDED", deviceId, device.sessionId()]);
    });
  }

  for (const [what, spoil] of [
    ["throws", () => () => fails()],
    ["rejects", () => () => Promise.reject(BROKEN)],
    ["calls back at once", (from) => (datagram, onSent) => (from.send(datagram), onSent?.())],
  ] as const satisfies readonly (readonly [string, (from: DatagramPeer) => DatagramPeer["send"]])[]) {
    it(`case 76: goes on where what answers a peer ${what}, in a handshake and in a session`, async () => {
      const inner = rig.network.acceptor("own");
      let isSpoiled = false;
      const gateway = rig.usmp();
      const told: string[] = [];
      gateway.onError(({ code }) => told.push(`error ${code}`));
      gateway.onDisconnect(({ code }) => told.push(`disconnect ${code}`));
      const onOwn = (handlers: DatagramHandlers): DatagramHandlers => ({
        ...handlers,
        onDatagram: (datagram, from) => {
          const { key, address, port } = from;
          const spoiled: (...args: Parameters<DatagramPeer["send"]>) => unknown = spoil(from);
          // As a rejecting one is: what it gives is there, though nobody asked for it.
          const send = ((...args) => (isSpoiled ? spoiled(...args) : from.send(...args))) as DatagramPeer["send"];
          handlers.onDatagram(datagram, { key, address, port, send });
        },
      });
      const listen = (handlers: DatagramHandlers) => inner.listen(onOwn(handlers));
      await rig.until(gateway.listen({ carries: "datagrams", listen }));
      const device = rig.usmp({ reconnect: false, handshakeTimeoutMs: 3_000 });
      expect(await rig.until(device.begin(rig.network.dialer("own")))).to.equal(true);
      isSpoiled = true;
      gateway.broadcast("to all");
      await rig.clock.advance(1_000);
      const isHarmless = what === "calls back at once";
      expect([told, gateway.sessions().length]).to.deep.equal(isHarmless ? [[], 1] : [["disconnect TRANSPORT"], 0]);
      await rig.until(device.close());
      told.length = 0;
      expect(await rig.until(device.begin(rig.network.dialer("own")))).to.equal(isHarmless);
      expect(told.includes("error TRANSPORT")).to.equal(!isHarmless);
      expect(await connect(DEVICE_B).connected).to.equal(true);
    });
  }

  it("passes the old session's frames on to it while a new handshake is under way at its place", async () => {
    const first = connect(DEVICE_A, 4_000);
    await first.connected;
    const answers: Uint8Array[] = [];
    const tap = rig.network.tap;
    rig.network.tap = (datagram) => answers.push(datagram);
    rig.network.inject(HELLO, "memory", 4_000);
    const cookie = answers[1]!.subarray(12);
    rig.network.inject(plainFrame(FrameType.HELLO, Uint8Array.of(...counted(38), ...cookie), 1), "memory", 4_000);
    rig.network.tap = tap;
    await rig.until(first.device.sendAsync("still here"));
    expect(rig.events.at(-1)).to.equal("message still here");
    rig.network.inject(plainFrame(FrameType.HELLO_ACK, counted(32)), "memory", 4_000);
    await rig.clock.advance(15_000);
    expect(rig.events.at(-1)).to.equal("refused AUTH");
    expect(first.device.alive()).to.equal(true);
  });

  it("replaces an unfinished handshake by another one at the same place, and knows a copy of the same", async () => {
    const answers: string[] = [];
    let cookie: Uint8Array = filled(16, 0);
    rig.network.tap = (datagram) => {
      answers.push(nameOf(datagram));
      if (nameOf(datagram) === "HELLO_RETRY 0") cookie = datagram.slice(12);
    };
    const begin = async (pubC: number): Promise<void> => {
      const hello = Uint8Array.of(...counted(6), ...counted(32, pubC));
      rig.network.inject(plainFrame(FrameType.HELLO, hello), "10.0.0.1", 1);
      rig.network.inject(plainFrame(FrameType.HELLO, Uint8Array.of(...hello, ...cookie), 1), "10.0.0.1", 1);
      await rig.clock.advance(0);
    };
    await begin(1);
    await begin(1);
    expect(rig.events).to.deep.equal([]);
    expect(answers.filter((name) => name === "CHALLENGE 0")).to.have.lengthOf(2);
    await begin(2);
    expect(rig.events).to.deep.equal(["refused SUPERSEDED"]);
    await rig.clock.advance(15_000);
    expect(rig.events).to.deep.equal(["refused SUPERSEDED", "refused TIMEOUT"]);
  });

  it("drops a late copy of the HELLO that a session began with, and whatever strangers send", async () => {
    const sent: Uint8Array[] = [];
    const tap = rig.network.tap;
    rig.network.tap = (datagram, way) => (way === "toAcceptor" ? sent.push(datagram.slice()) : 0);
    await connect(DEVICE_A, 4_000).connected;
    rig.network.tap = tap;
    rig.wire.length = 0;
    for (const copy of sent.filter((datagram) => nameOf(datagram) === "HELLO 1"))
      rig.network.inject(copy, "memory", 4_000);
    for (const type of [FrameType.DATA, FrameType.HELLO_ACK, FrameType.CHALLENGE, 0xff])
      rig.network.inject(plainFrame(type, counted(32)), "10.0.0.9", 1);
    rig.network.inject(plainFrame(FrameType.HELLO, counted(40)), "10.0.0.9", 1);
    rig.network.inject(Uint8Array.of(0xac, 0xac, 5, 0, 0, 0, 0), "10.0.0.9", 1);
    rig.network.inject(new Uint8Array(0), "10.0.0.9", 1);
    rig.network.inject(plainFrame(FrameType.CHALLENGE, counted(32)), "memory", 4_000);
    expect(rig.wire).to.deep.equal([]);
    expect(rig.gateway.sessions()).to.have.lengthOf(1);
  });

  it("refuses more from one address than it may have, with BYE, once it has shown its key", async () => {
    await rig.close();
    rig = await new DatagramRig({ maxSessionsPerAddress: 1 }).listen();
    await connect(DEVICE_A).connected;
    const second = connect(DEVICE_B, undefined, { reconnect: false });
    await second.connected;
    await rig.clock.advance(1_000);
    expect(second.device.lastErrorString()).to.match(/^BYE/);
    expect(rig.events).to.include("refused LIMIT");
  });

  it("says BYE to all before its socket closes, and lets nobody in meanwhile", async () => {
    const { device, connected } = connect(DEVICE_A);
    await connected;
    const closing = rig.gateway.close();
    await microtasks();
    rig.wire.length = 0;
    rig.network.inject(HELLO, "10.0.0.1", 1);
    await rig.until(closing);
    expect(device.alive()).to.equal(false);
    expect(device.lastErrorString()).to.match(/^BYE/);
    expect(rig.wire.filter((name) => name.includes("HELLO"))).to.deep.equal([]);
  });

  describe("on a socket of the spec's", () => {
    const clock = new VirtualClock();
    const options = { ...DEFAULT_LIMITS, clock };
    let handlers: DatagramHandlers;
    const acceptor = {
      kind: "spec",
      carries: "datagrams",

      listen: async (given: DatagramHandlers) => {
        handlers = given;
        return { kind: "spec", address: "here", port: 7, close: async () => {}, unref: () => {} };
      },
    } as const;

    function peer(sent: Uint8Array[]): DatagramPeer {
      return { key: "a|1", address: "a", port: 1, send: (datagram) => void sent.push(datagram) };
    }

    it("makes at most 20,000 cookies a second, in all (docs/gateway.md#limits)", async () => {
      const listener = await UdpDemultiplexer.listen(acceptor, crypto, options, {
        onLink: () => {},
        onError: () => {},
      });
      const sent: Uint8Array[] = [];
      const from = peer(sent);
      for (let hello = 0; hello < 20_100; hello++) handlers.onDatagram(HELLO, from);
      expect(sent).to.have.lengthOf(40_000);
      await clock.advance(1_000);
      handlers.onDatagram(HELLO, from);
      expect(sent).to.have.lengthOf(40_002);
      listener.unref();
      await Promise.all([listener.close(), listener.close()]);
    });

    it("passes errors of the socket on, and what keeps an answer from leaving to its session", async () => {
      const errors: UsmpError[] = [];
      const told: string[] = [];
      const listener = await UdpDemultiplexer.listen(acceptor, crypto, options, {
        onError: (error) => errors.push(error),
        onLink: (link) => {
          link.attach({
            onBytes: () => told.push("bytes"),
            onTransientError: ({ code }) => told.push(`trouble ${code}`),
            onEnd: () => {},
            onClose: () => told.push("closed"),
          });
          link.pause();
          link.resume();
          link.unref();
          link.send(counted(3), () => told.push("flushed"));
          link.send(counted(3), () => told.push("flushed"));
          link.end();
          link.destroy();
          link.send(counted(3), () => told.push("never"));
        },
      });
      const trouble = new UsmpError("TRANSPORT", "no route");
      handlers.onError(trouble);
      expect(errors).to.deep.equal([trouble]);
      const answers: Uint8Array[] = [];
      const pending: (() => void)[] = [];
      const from: DatagramPeer = {
        ...peer([]),
        send: (datagram, onSent) => {
          answers.push(datagram);
          if (onSent !== undefined) pending.push(() => onSent(pending.length === 1 ? trouble : undefined));
        },
      };
      handlers.onDatagram(HELLO, from);
      const cookie = answers[1]!.subarray(12);
      handlers.onDatagram(plainFrame(FrameType.HELLO, Uint8Array.of(...counted(38), ...cookie), 1), from);
      for (const sent of pending) sent();
      await Promise.resolve();
      expect(told, "what was closed meanwhile is told nothing more").to.deep.equal(["closed"]);
      await listener.close();
    });
  });
});

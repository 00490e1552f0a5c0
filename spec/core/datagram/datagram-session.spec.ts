import { expect } from "chai";
import { UsmpError } from "../../../lib/errors.js";
import { DatagramKeys } from "../../../lib/core/datagram/datagram-keys.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { filled, flipped, NOTHING, utf8 } from "../../support/core-bytes.js";
import { watchingTrials } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { withCrc } from "../../support/core-frames.js";
import { C2S, fromDevice, fromGateway } from "../../support/core-pair.js";
import {
  datagramPair,
  establishedDatagramEnd,
  exchange,
  exchangeFor,
  namesOf,
  utackFor,
} from "../../support/datagram-pair.js";

const KEEPALIVE = { pingAfterTxIdleMs: 30_000, pingAfterRxIdleMs: 30_000, pongTimeoutMs: 30_000 };

function copies(datagram: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => datagram);
}

describe("DatagramSession", () => {
  describe("copies", () => {
    it("are acknowledged at once, then at most 8 times a second, and beyond that not even opened (§5, case 73)", () => {
      const { crypto, trials } = watchingTrials();
      const gateway = establishedDatagramEnd("gateway", { crypto });
      const frame = fromDevice(FrameType.DATA, 0, utf8("once"));
      gateway.receive(frame);
      const [utack] = gateway.output();
      expect(gateway.receive(frame).output()).to.deep.equal([utack]);
      gateway.receive(...copies(frame, 1_000));
      expect(gateway.output()).to.deep.equal(copies(utack!, 7));
      expect(trials).to.have.lengthOf(9);
      gateway.now = 1_000;
      expect(gateway.receive(frame).output()).to.deep.equal([utack]);
      expect(gateway.texts).to.deep.equal(["once"]);
    });

    it("of recorded frames do not use up the answers to the newest one", () => {
      const gateway = establishedDatagramEnd("gateway");
      const frames = [0, 1, 2, 3, 4].map((seq) => fromDevice(FrameType.DATA, seq, utf8(`number ${seq}`)));
      gateway.receive(...frames);
      const utacks = gateway.output();
      gateway.receive(...frames.slice(0, 4).flatMap((frame) => copies(frame, 100)));
      expect(gateway.output()).to.have.lengthOf(4);
      // Its UTACK got lost, and it comes again in the midst of all that.
      expect(gateway.receive(frames[4]!).output()).to.deep.equal([utacks[4]]);
    });

    it("that do not verify use up nothing", () => {
      const gateway = establishedDatagramEnd("gateway");
      const frame = fromDevice(FrameType.DATA, 0, utf8("once"));
      gateway.receive(frame);
      const [utack] = gateway.output();
      gateway.receive(...copies(withCrc(flipped(frame, -1)), 100));
      expect(gateway.output()).to.deep.equal([]);
      expect(gateway.receive(frame).output()).to.deep.equal([utack]);
    });

    it("of a REKEY are acknowledged under the old key, as often (§7, case 52)", () => {
      const { crypto, trials } = watchingTrials();
      const gateway = establishedDatagramEnd("gateway", { crypto });
      const rekey = fromDevice(FrameType.REKEY, 0, filled(32, 5));
      gateway.receive(rekey);
      const [utack] = gateway.output();
      expect(utack).to.deep.equal(utackFor(rekey, C2S));
      gateway.receive(...copies(rekey, 100));
      expect(gateway.output()).to.deep.equal(copies(utack!, 8));
      expect(trials).to.have.lengthOf(1);
    });
  });

  describe("a board's reads", () => {
    it("get an overdue frame as soon as a frame of the board was acknowledged (case 83)", () => {
      const gateway = establishedDatagramEnd("gateway");
      gateway.send(utf8("one"));
      const [one] = gateway.output();
      gateway.receive(fromDevice(FrameType.DATA, 0, utf8("early")));
      expect(namesOf(gateway.output())).to.deep.equal(["UTACK DATA 0"]);
      expect(gateway.pass(600).output()).to.deep.equal([one]);
      // Its wait has doubled: the next repeat would be due at 1,500 ms.
      gateway.pass(399);
      gateway.receive(fromDevice(FrameType.DATA, 1, utf8("too early")));
      expect(namesOf(gateway.output())).to.deep.equal(["UTACK DATA 1"]);
      gateway.pass(1);
      gateway.receive(fromDevice(FrameType.DATA, 2, utf8("I listen")));
      expect(namesOf(gateway.output())).to.deep.equal(["UTACK DATA 2", "DATA 0"]);
    });

    it("do not get the start of a fragmented message late after a copy", () => {
      const gateway = establishedDatagramEnd("gateway");
      const frame = fromDevice(FrameType.DATA, 0, utf8("once"));
      gateway.receive(frame, frame);
      gateway.output();
      gateway.pass(200);
      gateway.send(new Uint8Array(453));
      expect(namesOf(gateway.output())).to.deep.equal([]);
      expect(namesOf(gateway.pass(399).output())).to.deep.equal([]);
      expect(namesOf(gateway.pass(1).output())).to.deep.equal(["DATA_FRAG 0"]);
    });

    it("do not keep a fragmented message waiting while copies flood in", () => {
      const gateway = establishedDatagramEnd("gateway");
      const frame = fromDevice(FrameType.DATA, 0, utf8("once"));
      gateway.receive(frame, frame);
      gateway.pass(200).output();
      gateway.send(new Uint8Array(453));
      gateway.receive(frame);
      expect(namesOf(gateway.output())).to.deep.equal(["UTACK DATA 0", "DATA_FRAG 0"]);
    });
  });

  describe("keepalive", () => {
    it("sends PING after silence, and is satisfied by any frame that verifies", () => {
      const device = establishedDatagramEnd("device", { keepalive: KEEPALIVE });
      device.pass(30_000);
      const [ping] = device.output();
      expect(namesOf([ping!])).to.deep.equal(["PING 0"]);
      device.receive(utackFor(ping!, C2S), fromGateway(FrameType.DATA, 0, utf8("alive")));
      device.output();
      expect(device.pass(29_999).closed).to.equal(undefined);
    });

    it("sends PING after another interval from now on", () => {
      const device = establishedDatagramEnd("device", { keepalive: KEEPALIVE });
      device.connection.request({ type: "pingAfter", ms: 10_000 }, 0);
      expect(namesOf(device.pass(9_999).output())).to.deep.equal([]);
      expect(namesOf(device.pass(1).output())).to.deep.equal(["PING 0"]);
    });

    it("takes a UTACK for no sign of life (§4)", () => {
      const device = establishedDatagramEnd("device", { keepalive: KEEPALIVE });
      device.pass(30_000);
      device.receive(utackFor(device.output()[0]!, C2S));
      expect(device.pass(29_999).closed).to.equal(undefined);
      expect(device.pass(1).closed).to.equal("TIMEOUT");
    });

    it("finds a peer that acknowledges nothing within 30 s of a PING", () => {
      const device = establishedDatagramEnd("device", { keepalive: KEEPALIVE });
      expect(device.pass(59_000).closed).to.equal("TIMEOUT");
    });

    it("sends an unsolicited PONG every 20 s while it does not read", () => {
      const device = establishedDatagramEnd("device", { keepalive: KEEPALIVE });
      device.connection.setReading(false, 0);
      device.pass(20_000);
      const [pong] = device.output();
      expect(namesOf([pong!])).to.deep.equal(["PONG 0"]);
      device.receive(utackFor(pong!, C2S));
      expect(namesOf(device.pass(20_000).output())).to.deep.equal(["PONG 1"]);
    });

    it("shares one PING between several askers, 300 ms from the last", () => {
      const { device, gateway } = datagramPair();
      device.connection.request({ type: "ping" }, 0);
      device.connection.request({ type: "ping" }, 0);
      exchange(device, gateway);
      expect(device.events.filter(({ type }) => type === "pong")).to.have.lengthOf(1);
      device.connection.request({ type: "ping" }, 10);
      expect(device.output()).to.deep.equal([]);
      expect(namesOf(device.nextDeadline().output())).to.deep.equal(["PING 1"]);
      expect(device.now).to.equal(300);
    });

    it("puts no more than four PINGs before a peer that does not answer", () => {
      const device = establishedDatagramEnd("device", { keepalive: { ...KEEPALIVE, pongTimeoutMs: 0 } });
      let seq = 0;
      for (let minute = 0; minute < 12; minute++) {
        device.pass(30_000);
        for (const ping of device.output()) device.receive(utackFor(ping, C2S));
        // It lives, and reads no PING.
        device.receive(fromGateway(FrameType.DATA, seq++, NOTHING));
        device.output();
      }
      expect(device.connection.framesSent).to.equal(4);
    });
  });

  describe("sending", () => {
    it("seals the next frame ahead, and control frames wait for that one only", () => {
      const device = establishedDatagramEnd("device");
      for (const text of ["a", "b", "c"]) device.send(utf8(text));
      const [a] = device.output();
      device.receive(fromGateway(FrameType.PING, 0));
      device.receive(utackFor(a!, C2S));
      const [, b] = device.output();
      device.receive(utackFor(b!, C2S));
      expect(namesOf([a!, b!, ...device.output()])).to.deep.equal(["DATA 0", "DATA 1", "PONG 2"]);
    });

    it("ends SEQ_EXHAUSTED with BYE if a rotation has no numbers left (§7)", () => {
      const device = establishedDatagramEnd("device");
      const { canRotate } = Object.getOwnPropertyDescriptors(DatagramKeys.prototype);
      Object.defineProperty(DatagramKeys.prototype, "canRotate", { get: () => false, configurable: true });
      try {
        device.connection.request({ type: "rekey" }, 0);
      } finally {
        Object.defineProperty(DatagramKeys.prototype, "canRotate", canRotate);
      }
      expect(device.closed).to.equal("SEQ_EXHAUSTED");
      expect(namesOf(device.output())).to.deep.equal(["BYE 0"]);
    });
  });

  it("ends SEQ_EXHAUSTED if a message has no number left; BYE has the last one (§4, case 33)", () => {
    const device = establishedDatagramEnd("device");
    const tx = Object.getOwnPropertyDescriptor(DatagramKeys.prototype, "tx")!;
    Object.defineProperty(DatagramKeys.prototype, "tx", {
      configurable: true,
      get(this: DatagramKeys) {
        const key = tx.get!.call(this) as object;
        if (!Object.hasOwn(key, "nextSeq")) Object.defineProperty(key, "nextSeq", { value: 0xffff_fffe });
        return key;
      },
    });
    try {
      expectCode(() => device.send(utf8("x")), "SEQ_EXHAUSTED");
    } finally {
      Object.defineProperty(DatagramKeys.prototype, "tx", tx);
    }
    expect(device.closed).to.equal("SEQ_EXHAUSTED");
    expect(device.output().map((datagram) => datagram[3])).to.deep.equal([FrameType.BYE]);
    expect(device.connection.lingers).to.equal(true);
  });

  describe("rekey", () => {
    it("rotates both ends, whichever starts, while messages flow", () => {
      for (const starter of ["device", "gateway"] as const) {
        const pair = datagramPair();
        const other = starter === "device" ? pair.gateway : pair.device;
        pair[starter].connection.request({ type: "rekey" }, 0);
        exchange(pair.device, pair.gateway);
        expect(pair[starter].rekeyed).to.deep.equal(["self"]);
        expect(other.rekeyed).to.deep.equal(["peer"]);
        for (const end of [pair.device, pair.gateway]) for (let n = 0; n < 12; n++) end.send(utf8(`${n}`));
        exchange(pair.device, pair.gateway);
        expect(pair.device.texts).to.have.lengthOf(12);
        expect(pair.gateway.texts).to.have.lengthOf(12);
      }
    });

    it("waits for the end of the message that is being sent, and sends nothing until it is acknowledged", () => {
      const { device, gateway } = datagramPair();
      device.send(filled(904, 1));
      device.connection.request({ type: "rekey" }, 0);
      device.send(utf8("after"));
      const seen: string[] = [];
      exchange(device, gateway, (datagram, from) => (from === device && seen.push(...namesOf([datagram])), false));
      expect(seen.filter((name) => !name.startsWith("UTACK"))).to.deep.equal([
        "DATA_FRAG 0",
        "DATA 1",
        "REKEY 2",
        "DATA 0",
      ]);
    });

    it("waits while part of a message is held", () => {
      const device = establishedDatagramEnd("device");
      device.receive(fromGateway(FrameType.DATA_FRAG, 0, utf8("a")));
      device.output();
      device.connection.request({ type: "rekey" }, 0);
      expect(device.output()).to.deep.equal([]);
      expect(device.connection.nextDeadline()).to.equal(Infinity);
      device.receive(fromGateway(FrameType.DATA, 1, utf8("b")));
      expect(namesOf(device.output())).to.deep.equal(["UTACK DATA 1", "REKEY 0"]);
    });

    it("is asked for a second time behind a PING, and a second after the first (case 66)", () => {
      const { device, gateway } = datagramPair();
      device.connection.request({ type: "rekey" }, 0);
      exchange(device, gateway);
      device.connection.request({ type: "rekey" }, 0);
      const [ping] = device.output();
      expect(namesOf([ping!])).to.deep.equal(["PING 0"]);
      gateway.receive(ping!);
      exchange(gateway, device);
      expect(device.rekeyed).to.deep.equal(["self"]);
      expect(device.connection.nextDeadline()).to.equal(1_000);
      exchangeFor(1_000, device, gateway);
      expect(device.rekeyed).to.deep.equal(["self", "self"]);
    });

    it("fulfils the wish of a gateway whose REKEY gave way (case 53)", () => {
      const { device, gateway } = datagramPair();
      device.connection.request({ type: "rekey" }, 0);
      gateway.connection.request({ type: "rekey" }, 0);
      exchange(device, gateway);
      expect(device.rekeyed).to.deep.equal(["self"]);
      expect(gateway.rekeyed).to.deep.equal(["self"]);
      exchangeFor(3_000, device, gateway);
      expect([device.closed, gateway.closed]).to.deep.equal([undefined, undefined]);
      for (const end of [device, gateway]) end.send(utf8("x"));
      exchange(device, gateway);
      expect([device.texts, gateway.texts]).to.deep.equal([["x"], ["x"]]);
    });

    it("is confirmed by a REKEY of the peer's under the new key", () => {
      const { device, gateway } = datagramPair();
      device.connection.request({ type: "rekey" }, 0);
      const [rekey] = device.output();
      gateway.receive(rekey!);
      gateway.output();
      // Its UTACK is lost. The gateway has what it takes to rotate as soon as a frame of the device's has come.
      device.now = gateway.now = 500;
      gateway.connection.request({ type: "rekey" }, 500);
      exchangeFor(5_000, device, gateway);
      expect(device.rekeyed).to.deep.equal(["self", "peer"]);
      expect(gateway.rekeyed).to.deep.equal(["peer", "self"]);
    });
  });

  it("ends with the network's error as its cause if there is no other", () => {
    const device = establishedDatagramEnd("device", { keepalive: KEEPALIVE });
    const trouble = new UsmpError("TRANSPORT", "no route");
    device.connection.onTransientError(trouble);
    device.pass(60_000);
    const last = device.events.at(-1);
    expect(last?.type === "closed" && last.error.cause).to.equal(trouble);
  });

  it("does not move a timer for a frame that came before (§5)", () => {
    const gateway = establishedDatagramEnd("gateway", { keepalive: { idleTimeoutMs: 60_000 } });
    const frame = fromDevice(FrameType.DATA, 0, utf8("x"));
    gateway.receive(frame);
    gateway.pass(59_000).receive(frame);
    expect(gateway.pass(1_000).closed).to.equal("TIMEOUT");
  });
});

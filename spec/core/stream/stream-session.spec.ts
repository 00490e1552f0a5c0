import { expect } from "chai";
import sinon from "sinon";
import { concat } from "../../../lib/core/wire/bytes.js";
import type { ConnectionEvent } from "../../../lib/core/events.js";
import type { KeepaliveOptions } from "../../../lib/core/session/keepalive.js";
import { StreamOutbox } from "../../../lib/core/stream/stream-outbox.js";
import type { Role } from "../../../lib/core/session/rekey-kdf.js";
import { StreamSession } from "../../../lib/core/stream/stream-session.js";
import { FrameType, frameTypeName } from "../../../lib/core/wire/wire.js";
import { counted, NOTHING, utf8 } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { asFrame, splitFrames } from "../../support/core-frames.js";
import { startLate } from "../../support/core-late-keys.js";
import { agreedKeys, fromDevice, NO_KEEPALIVE } from "../../support/core-pair.js";

/** A session, its events, and the names of the frames that it sent since last asked. */
class Subject {
  readonly events: ConnectionEvent[] = [];
  readonly session: StreamSession;
  readonly #outbox = new StreamOutbox();

  constructor(role: Role, keepalive: Partial<KeepaliveOptions> = {}) {
    const options = { crypto, cipher: "aes-256-gcm", role, keepalive: { ...NO_KEEPALIVE, ...keepalive } } as const;
    this.session = new StreamSession(options, agreedKeys(), this.#outbox, (event) => this.events.push(event), 0);
  }

  frames(): Uint8Array[] {
    return splitFrames(concat(...this.#outbox.take()));
  }

  sent(): string[] {
    return this.frames().map((frame) => `${frameTypeName(frame[3]!)} ${asFrame(frame).seq}`);
  }

  receive(frame: Uint8Array, now = 0): void {
    this.session.receive(asFrame(frame), now);
  }
}

/** Delivers all that `from` has sent. */
function deliver(from: Subject, to: Subject, now = 0): string[] {
  const frames = from.frames();
  for (const frame of frames) to.receive(frame, now);
  return frames.map((frame) => `${frameTypeName(frame[3]!)} ${asFrame(frame).seq}`);
}

describe("StreamSession", () => {
  afterEach(() => sinon.restore());

  it("cuts a message into frames of 452 bytes, at most four (§4)", () => {
    const device = new Subject("device");
    const expected: [length: number, frames: string[]][] = [
      [0, ["DATA 0"]],
      [452, ["DATA 1"]],
      [453, ["DATA_FRAG 2", "DATA 3"]],
      [904, ["DATA_FRAG 4", "DATA 5"]],
      [905, ["DATA_FRAG 6", "DATA_FRAG 7", "DATA 8"]],
      [1356, ["DATA_FRAG 9", "DATA_FRAG 10", "DATA 11"]],
      [1357, ["DATA_FRAG 12", "DATA_FRAG 13", "DATA_FRAG 14", "DATA 15"]],
      [1808, ["DATA_FRAG 16", "DATA_FRAG 17", "DATA_FRAG 18", "DATA 19"]],
    ];
    for (const [length, frames] of expected) {
      device.session.send(counted(length), 0);
      expect(device.sent(), `${length} bytes`).to.deep.equal(frames);
    }
  });

  it("delivers each message as it was sent, both ways", () => {
    const device = new Subject("device");
    const gateway = new Subject("gateway");
    const sizes = [0, 1, 451, 452, 453, 904, 905, 1356, 1357, 1807, 1808];
    for (const [from, to] of [
      [device, gateway],
      [gateway, device],
    ] as const) {
      for (const size of sizes) from.session.send(counted(size), 0);
      deliver(from, to);
      const messages = to.events.map((event) => (event.type === "message" ? new Uint8Array(event.data) : event.type));
      expect(messages).to.deep.equal(sizes.map((size) => counted(size)));
    }
  });

  it("refuses more than 1808 bytes with nothing sent (§4)", () => {
    const device = new Subject("device");
    const error = expectCode(() => device.session.send(new Uint8Array(1809), 0), "PAYLOAD_TOO_LARGE");
    expect(error.message).to.include("1809").and.to.include("1808");
    expect(device.sent()).to.deep.equal([]);
    device.session.send(NOTHING, 0);
    expect(device.sent()).to.deep.equal(["DATA 0"]);
  });

  it("answers PING with PONG, and emits the round trip once (§4)", () => {
    const device = new Subject("device");
    const gateway = new Subject("gateway");
    device.session.request({ type: "ping" }, 100);
    device.session.request({ type: "ping" }, 110);
    expect(deliver(device, gateway, 150)).to.deep.equal(["PING 0"]);
    expect(deliver(gateway, device, 170)).to.deep.equal(["PONG 0"]);
    expect(device.events).to.deep.equal([{ type: "pong", roundTripMs: 70 }]);
  });

  it("spaces its PINGs, so that no peer takes a loop of them for a flood (§9)", () => {
    const device = new Subject("device");
    const gateway = new Subject("gateway");
    device.session.request({ type: "ping" }, 1_000);
    deliver(device, gateway, 1_001);
    deliver(gateway, device, 1_002);
    for (let round = 1; round <= 40; round++) {
      const due = 1_000 + round * 300;
      device.session.request({ type: "ping" }, due - 298);
      expect(device.session.nextDeadline()).to.equal(due);
      device.session.handleDeadline(due - 1);
      expect(device.sent()).to.deep.equal([]);
      device.session.handleDeadline(due);
      expect(deliver(device, gateway, due + 1)).to.deep.equal([`PING ${round}`]);
      expect(deliver(gateway, device, due + 2)).to.deep.equal([`PONG ${round}`]);
    }
  });

  it("answers all PINGs with one later PONG while output piles up", () => {
    const gateway = new Subject("gateway");
    gateway.session.setCongested(true, 0);
    for (let round = 0; round < 5; round++) gateway.receive(fromDevice(FrameType.PING, round), round * 1_000);
    expect(gateway.sent()).to.deep.equal([]);
    gateway.session.setCongested(false, 5_000);
    expect(gateway.sent()).to.deep.equal(["PONG 0"]);
    gateway.session.setCongested(false, 6_000);
    expect(gateway.sent(), "none is owed any more").to.deep.equal([]);
    gateway.receive(fromDevice(FrameType.PING, 5), 7_000);
    expect(gateway.sent()).to.deep.equal(["PONG 1"]);
  });

  it("answers eight PINGs a second one by one, and those beyond that with one PONG (case 69)", () => {
    const gateway = new Subject("gateway");
    for (let seq = 0; seq < 20; seq++) gateway.receive(fromDevice(FrameType.PING, seq), 10_000);
    expect(gateway.sent()).to.have.lengthOf(8);
    expect(gateway.session.nextDeadline()).to.equal(11_000);
    gateway.session.handleDeadline(10_999);
    expect(gateway.sent()).to.deep.equal([]);
    gateway.session.handleDeadline(11_000);
    expect(gateway.sent()).to.deep.equal(["PONG 8"]);
    expect(gateway.session.nextDeadline()).to.equal(Infinity);
  });

  it("sets no deadline in the past for a PONG that is due while output piles up", () => {
    const gateway = new Subject("gateway");
    gateway.session.setReading(false, 0);
    gateway.session.setCongested(true, 0);
    gateway.session.handleDeadline(20_000);
    expect(gateway.sent()).to.deep.equal([]);
    expect(gateway.session.nextDeadline()).to.equal(40_000);
  });

  it("sends at most four PINGs to a peer that answers none, and still notices whether it lives (§9)", () => {
    const gateway = new Subject("gateway", { pingAfterRxIdleMs: 1_000, pongTimeoutMs: 1_000 });
    for (let round = 1; round <= 5; round++) {
      gateway.session.handleDeadline(round * 2_000);
      expect(gateway.sent()).to.deep.equal(round <= 4 ? [`PING ${round - 1}`] : []);
      gateway.receive(fromDevice(FrameType.DATA, round - 1), round * 2_000 + 1);
    }
    gateway.session.handleDeadline(12_000);
    expectCode(() => gateway.session.handleDeadline(13_000), "TIMEOUT");
  });

  it("ignores an unsolicited PONG", () => {
    const gateway = new Subject("gateway");
    gateway.receive(fromDevice(FrameType.PONG, 0));
    expect(gateway.events).to.deep.equal([]);
    expect(gateway.sent()).to.deep.equal([]);
  });

  it("ends with BYE, after any other frames", () => {
    expectCode(() => new Subject("gateway").receive(fromDevice(FrameType.BYE, 0)), "BYE");
    const gateway = new Subject("gateway");
    gateway.receive(fromDevice(FrameType.DATA_FRAG, 0));
    expectCode(() => gateway.receive(fromDevice(FrameType.BYE, 1)), "BYE");
    expect(gateway.events).to.deep.equal([]);
  });

  it("sends BYE", () => {
    const device = new Subject("device");
    device.session.bye();
    expect(device.sent()).to.deep.equal(["BYE 0"]);
  });

  it("pings when it is due, and gives a silent peer up", () => {
    const device = new Subject("device", { pingAfterTxIdleMs: 30_000, pongTimeoutMs: 20_000 });
    expect(device.session.nextDeadline()).to.equal(30_000);
    device.session.handleDeadline(29_999);
    expect(device.sent()).to.deep.equal([]);
    device.session.handleDeadline(30_000);
    expect(device.sent()).to.deep.equal(["PING 0"]);
    expect(device.session.nextDeadline()).to.equal(50_000);
    device.session.handleDeadline(49_999);
    expectCode(() => device.session.handleDeadline(50_000), "TIMEOUT");
  });

  it("counts every frame it sends as sending, and every verified one as hearing", () => {
    const gateway = new Subject("gateway", { pingAfterTxIdleMs: 1_000, idleTimeoutMs: 10_000 });
    gateway.session.send(NOTHING, 500);
    expect(gateway.session.nextDeadline()).to.equal(1_500);
    gateway.receive(fromDevice(FrameType.PING, 0), 900);
    expect(gateway.session.nextDeadline(), "PONG was sent").to.equal(1_900);
    gateway.session.request({ type: "rekey" }, 1_000);
    expect(gateway.session.nextDeadline(), "REKEY was sent").to.equal(2_000);
    gateway.session.request({ type: "ping" }, 1_100);
    expect(gateway.session.nextDeadline(), "heard at 900").to.equal(10_900);
  });

  it("does not let a frame that fails to verify count as hearing", () => {
    const gateway = new Subject("gateway", { idleTimeoutMs: 10_000 });
    expectCode(() => gateway.receive(fromDevice(FrameType.PING, 5), 9_000), "SEQUENCE");
    expect(gateway.session.nextDeadline()).to.equal(10_000);
  });

  it("waits for no frame while the application does not read", () => {
    const gateway = new Subject("gateway", { idleTimeoutMs: 10_000 });
    gateway.session.setReading(false, 5_000);
    gateway.session.handleDeadline(19_999);
    expect(gateway.sent()).to.deep.equal([]);
    gateway.session.handleDeadline(20_000);
    expect(gateway.sent(), "a sign of life for the peer").to.deep.equal(["PONG 0"]);
    expect(gateway.session.nextDeadline()).to.equal(40_000);
    gateway.session.setReading(true, 100_000);
    expect(gateway.session.nextDeadline()).to.equal(110_000);
  });

  describe("rekey", () => {
    it("sends REKEY with 32 random bytes and switches both ends (§7)", () => {
      const device = new Subject("device");
      const gateway = new Subject("gateway");
      device.session.send(utf8("old"), 0);
      device.session.request({ type: "rekey" }, 0);
      device.session.send(utf8("new"), 0);
      expect(deliver(device, gateway)).to.deep.equal(["DATA 0", "REKEY 1", "DATA 0"]);
      gateway.session.send(utf8("reply"), 0);
      expect(deliver(gateway, device)).to.deep.equal(["DATA 0"]);
      expect(device.events.map(({ type }) => type)).to.deep.equal(["rekeyed", "message"]);
      expect(gateway.events.map(({ type }) => type)).to.deep.equal(["message", "rekeyed", "message"]);
      expect(device.events[0]).to.deep.equal({ type: "rekeyed", by: "self" });
      expect(gateway.events[1]).to.deep.equal({ type: "rekeyed", by: "peer" });
    });

    it("emits rekeyed if its keys changed, and not for a peer's REKEY that lost", () => {
      const device = new Subject("device");
      const gateway = new Subject("gateway");
      device.session.request({ type: "rekey" }, 0);
      gateway.session.request({ type: "rekey" }, 0);
      const losing = gateway.frames();
      deliver(device, gateway);
      for (const frame of losing) device.receive(frame);
      expect(device.events).to.deep.equal([{ type: "rekeyed", by: "self" }]);
      expect(gateway.events).to.deep.equal([
        { type: "rekeyed", by: "self" },
        { type: "rekeyed", by: "peer" },
      ]);
    });

    it("waits while it holds part of a message, and follows it (§7.3)", () => {
      const gateway = new Subject("gateway");
      gateway.receive(fromDevice(FrameType.DATA_FRAG, 0, counted(452)));
      gateway.session.request({ type: "rekey" }, 0);
      expect(gateway.sent()).to.deep.equal([]);
      expect(gateway.session.nextDeadline()).to.equal(Infinity);
      gateway.session.handleDeadline(5_000);
      expect(gateway.sent()).to.deep.equal([]);
      gateway.receive(fromDevice(FrameType.DATA, 1, counted(1)));
      expect(gateway.sent()).to.deep.equal(["REKEY 0"]);
    });

    it("asks for a frame under the last key first, then rotates by itself (§7.3)", () => {
      const device = new Subject("device");
      const gateway = new Subject("gateway");
      device.session.request({ type: "rekey" }, 0);
      device.session.request({ type: "rekey" }, 2_000);
      device.session.request({ type: "rekey" }, 2_000);
      expect(deliver(device, gateway, 2_000)).to.deep.equal(["REKEY 0", "PING 0"]);
      expect(device.session.nextDeadline()).to.equal(Infinity);
      expect(deliver(gateway, device, 2_010)).to.deep.equal(["PONG 0"]);
      expect(deliver(device, gateway, 2_010)).to.deep.equal(["REKEY 1"]);
    });

    it("keeps a second between two of its own, and wakes for the second one (§4)", () => {
      const device = new Subject("device");
      const gateway = new Subject("gateway");
      device.session.request({ type: "rekey" }, 0);
      deliver(device, gateway, 10);
      gateway.session.send(NOTHING, 10);
      deliver(gateway, device, 20);
      device.session.request({ type: "rekey" }, 30);
      expect(device.sent()).to.deep.equal([]);
      expect(device.session.nextDeadline()).to.equal(1_000);
      device.session.handleDeadline(999);
      expect(device.sent()).to.deep.equal([]);
      device.session.handleDeadline(1_000);
      expect(device.sent()).to.deep.equal(["REKEY 0"]);
      expect(device.session.nextDeadline()).to.equal(Infinity);
    });

    it("sends one REKEY for one wish, however long the session lives then", () => {
      const device = new Subject("device");
      const gateway = new Subject("gateway");
      device.session.request({ type: "rekey" }, 0);
      deliver(device, gateway);
      gateway.session.send(NOTHING, 10);
      deliver(gateway, device, 20);
      expect(device.session.nextDeadline()).to.equal(Infinity);
      device.session.handleDeadline(10_000);
      gateway.session.send(NOTHING, 10_000);
      deliver(gateway, device, 10_000);
      expect(device.sent()).to.deep.equal([]);
    });

    it("finds out about a peer that never answers under the new key", () => {
      const device = new Subject("device", { pongTimeoutMs: 30_000 });
      device.session.request({ type: "rekey" }, 0);
      device.session.request({ type: "rekey" }, 0);
      expect(device.sent()).to.deep.equal(["REKEY 0", "PING 0"]);
      expectCode(() => device.session.handleDeadline(30_000), "TIMEOUT");
    });
  });

  describe("at the end of its sequence numbers", () => {
    it("keeps 0xFFFFFFFE for BYE", () => {
      startLate("device", { firstTx: 0xffff_fffd });
      const device = new Subject("device");
      device.session.send(NOTHING, 0);
      expect(device.sent()).to.deep.equal(["DATA 4294967293"]);
      for (const step of [
        () => device.session.send(NOTHING, 0),
        () => device.session.request({ type: "ping" }, 0),
        () => device.session.request({ type: "rekey" }, 0),
      ]) {
        expectCode(step, "SEQ_EXHAUSTED");
      }
      expect(device.sent()).to.deep.equal([]);
      device.session.bye();
      expect(device.sent()).to.deep.equal(["BYE 4294967294"]);
      device.session.bye();
      expect(device.sent()).to.deep.equal([]);
    });

    it("begins no message that it cannot finish", () => {
      startLate("device", { firstTx: 0xffff_fffe - 3 });
      const device = new Subject("device");
      expectCode(() => device.session.send(counted(1808), 0), "SEQ_EXHAUSTED");
      expect(device.sent()).to.deep.equal([]);
      device.session.send(counted(1356), 0);
      expect(device.sent()).to.have.lengthOf(3);
    });
  });
});

/** A device that rotates its keys by itself: at an age, or after so many frames; on a stream and over datagrams. */
import { expect } from "chai";
import type { Role } from "../../../lib/core/session/rekey-kdf.js";
import type { RotationOptions } from "../../../lib/core/session/rekey-policy.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { types } from "../../support/core-adversary.js";
import { counted, NOTHING, utf8 } from "../../support/core-bytes.js";
import { establishedEnd, fromGateway, NO_KEEPALIVE, Pair } from "../../support/core-pair.js";
import { establishedDatagramEnd, exchange, exchangeFor, namesOf } from "../../support/datagram-pair.js";

const { DATA, DATA_FRAG, PING, REKEY } = FrameType;

const NEVER = 2 ** 30;

function byAge(rekeyAfterMs: number): RotationOptions {
  return { rekeyAfterMs, rekeyAfterFrames: NEVER };
}

function byFrames(rekeyAfterFrames: number): RotationOptions {
  return { rekeyAfterMs: 0, rekeyAfterFrames };
}

describe("rotation by itself, on a stream", () => {
  function pairWith(rotation: RotationOptions): Pair {
    return new Pair(establishedEnd("device", { rotation }), establishedEnd("gateway"));
  }

  /** How often an end has told of new keys. */
  function rotations(pair: Pair, role: Role): number {
    return pair[role].events.filter(({ type }) => type === "rekeyed").length;
  }

  it("starts at the age of the keys, and again at the age of the next", () => {
    const pair = pairWith(byAge(60_000));
    const { connection } = pair.device;
    for (const rounds of [1, 2, 3]) {
      expect(connection.nextDeadline()).to.equal(rounds * 60_000);
      pair.now = rounds * 60_000;
      connection.handleDeadline(pair.now - 1);
      expect(connection.outputLength).to.equal(0);
      connection.handleDeadline(pair.now);
      pair.settle();
      // The gateway's next frame settles it.
      pair.gateway.connection.send(NOTHING, pair.now);
      pair.settle();
      expect([rotations(pair, "device"), rotations(pair, "gateway")]).to.deep.equal([rounds, rounds]);
    }
  });

  it("starts after so many frames that it sent, before the next message", () => {
    const pair = pairWith(byFrames(3));
    for (let message = 0; message < 3; message++) pair.device.connection.send(utf8(`${message}`), 0);
    expect(rotations(pair, "device")).to.equal(0);
    pair.device.connection.send(utf8("3"), 0);
    const sent = pair.device.frames();
    expect(types(sent)).to.deep.equal([DATA, DATA, DATA, REKEY, DATA]);
    for (const frame of sent) pair.gateway.receive(frame);
    expect(pair.gateway.texts).to.deep.equal(["0", "1", "2", "3"]);
  });

  it("starts after so many frames that it received", () => {
    const pair = pairWith(byFrames(3));
    for (let message = 0; message < 3; message++) pair.gateway.connection.send(utf8(`${message}`), 0);
    pair.settle();
    expect([pair.device.texts.length, rotations(pair, "device"), rotations(pair, "gateway")]).to.deep.equal([3, 1, 1]);
  });

  it("waits for the rest of a message that it has begun to receive", () => {
    const device = establishedEnd("device", { rotation: byAge(1_000) });
    device.receive(fromGateway(DATA_FRAG, 0, counted(452)));
    device.connection.handleDeadline(1_000);
    expect([device.output().length, device.connection.nextDeadline()]).to.deep.equal([0, Infinity]);
    device.receive(fromGateway(DATA, 1), 1_500);
    expect(types(device.frames())).to.deep.equal([REKEY]);
  });

  it("sends PING if no frame has come under the last keys, and then rotates", () => {
    const pair = pairWith(byFrames(2));
    for (let message = 0; message < 4; message++) pair.device.connection.send(utf8(`${message}`), 0);
    pair.device.connection.send(utf8("4"), 1_000);
    expect(types(pair.device.frames())).to.deep.equal([DATA, DATA, REKEY, DATA, DATA, PING, DATA]);
  });

  it("rotates at most once per second while messages flow, and loses none", () => {
    const pair = pairWith(byFrames(10));
    const sent = Array.from({ length: 500 }, (_, index) => `${index}`);
    for (const text of sent) {
      pair.now += 50;
      pair.device.connection.send(utf8(text), pair.now);
      pair.gateway.connection.send(utf8(text), pair.now);
      pair.settle();
    }
    expect([pair.gateway.texts, pair.device.texts]).to.deep.equal([sent, sent]);
    // 25 s, and no rotation is due before 10 frames.
    expect(rotations(pair, "device")).to.be.within(20, 25);
    expect(rotations(pair, "gateway")).to.equal(rotations(pair, "device"));
  });

  it("restarts the keys' age when the gateway has rotated them", () => {
    const pair = pairWith(byAge(60_000));
    pair.now = 50_000;
    pair.gateway.connection.request({ type: "rekey" }, pair.now);
    pair.settle();
    expect(pair.device.connection.nextDeadline()).to.equal(110_000);
  });

  it("starts at a frame that comes late, even without a timer", () => {
    const pair = pairWith(byAge(60_000));
    pair.now = 60_000;
    pair.gateway.connection.send(NOTHING, pair.now);
    pair.settle();
    expect(rotations(pair, "gateway")).to.equal(1);
  });

  it("does not count the frames of the old keys, which still come, against the new", () => {
    const pair = pairWith(byFrames(3));
    for (let message = 0; message < 9; message++) pair.gateway.connection.send(NOTHING, 0);
    pair.settle();
    pair.now = 5_000;
    pair.device.connection.send(NOTHING, pair.now);
    pair.settle();
    expect(rotations(pair, "device")).to.equal(1);
  });

  it("is the device's alone: a gateway never starts by itself", () => {
    const pair = pairWith(byFrames(NEVER));
    for (let message = 0; message < 100; message++) pair.gateway.connection.send(NOTHING, 0);
    pair.settle();
    expect([rotations(pair, "gateway"), pair.gateway.connection.nextDeadline()]).to.deep.equal([0, Infinity]);
  });
});

describe("rotation by itself, over datagrams", () => {
  function pairWith(rotation: RotationOptions) {
    const device = establishedDatagramEnd("device", { rotation });
    return { device, gateway: establishedDatagramEnd("gateway", { keepalive: NO_KEEPALIVE }) };
  }

  it("starts at the age of the keys, and again at the age of the next", () => {
    const { device, gateway } = pairWith(byAge(60_000));
    for (const rounds of [1, 2, 3]) {
      expect(device.connection.nextDeadline()).to.equal(rounds * 60_000);
      exchangeFor(59_999, device, gateway);
      expect(device.rekeyed).to.have.lengthOf(rounds - 1);
      exchangeFor(1, device, gateway);
      gateway.send(NOTHING);
      exchange(device, gateway);
      expect([device.rekeyed.length, gateway.rekeyed.length]).to.deep.equal([rounds, rounds]);
    }
  });

  it("starts after so many frames in either direction", () => {
    for (const from of ["device", "gateway"] as const) {
      const ends = pairWith(byFrames(3));
      for (let message = 0; message < 2; message++) ends[from].send(utf8(`${message}`));
      exchange(ends.device, ends.gateway);
      expect(ends.device.rekeyed, from).to.deep.equal([]);
      ends[from].send(utf8("2"));
      exchange(ends.device, ends.gateway);
      expect([ends.device.rekeyed, ends.gateway.rekeyed], from).to.deep.equal([["self"], ["peer"]]);
    }
  });

  it("takes its turn between messages, however many wait", () => {
    const { device, gateway } = pairWith(byFrames(3));
    for (let message = 0; message < 6; message++) device.send(utf8(`${message}`));
    const wire: string[] = [];
    exchange(device, gateway, (datagram, from) => {
      if (from === device) wire.push(...namesOf([datagram]));
      return false;
    });
    expect(wire.filter((name) => !name.startsWith("UTACK"))).to.deep.equal(
      // The PING asks for a frame under the new key, before the next rotation.
      ["DATA 0", "DATA 1", "DATA 2", "REKEY 3", "DATA 0", "DATA 1", "DATA 2", "PING 3"],
    );
    expect(gateway.texts).to.deep.equal(["0", "1", "2", "3", "4", "5"]);
  });

  it("rotates at most once per second while messages flow, and loses none", () => {
    const { device, gateway } = pairWith(byFrames(10));
    const sent = Array.from({ length: 200 }, (_, index) => `${index}`);
    for (const text of sent) {
      device.send(utf8(text));
      gateway.send(utf8(text));
      exchangeFor(50, device, gateway);
    }
    expect([gateway.texts, device.texts]).to.deep.equal([sent, sent]);
    expect(device.rekeyed.length).to.be.within(8, 10);
    expect(gateway.rekeyed).to.have.lengthOf(device.rekeyed.length);
  });

  it("restarts the keys' age when the gateway has rotated them", () => {
    const { device, gateway } = pairWith(byAge(60_000));
    exchangeFor(50_000, device, gateway);
    gateway.connection.request({ type: "rekey" }, gateway.now);
    exchange(device, gateway);
    expect(device.connection.nextDeadline()).to.equal(110_000);
  });

  it("waits while part of a message is held, and has no deadline until then", () => {
    const { device } = pairWith(byAge(1_000));
    device.receive(fromGateway(DATA_FRAG, 0, counted(452))).output();
    device.now = 1_000;
    device.connection.handleDeadline(1_000);
    expect([device.output(), device.connection.nextDeadline()]).to.deep.equal([[], Infinity]);
    expect(namesOf(device.receive(fromGateway(DATA, 1)).output())).to.deep.equal(["UTACK DATA 1", "REKEY 0"]);
  });
});

import { expect } from "chai";
import { HandshakeRetransmitter } from "../../../lib/core/handshake/retransmitter.js";
import { bareUtack, readUtack, type Utack } from "../../../lib/core/wire/utack.js";
import { utf8 } from "../../support/core-bytes.js";

const HELLO = { bytes: utf8("hello"), type: 1, seq: 0 };
const HELLO_ACK = { bytes: utf8("hello ack"), type: 3, seq: 2 };

function utack(type: number, seq: number): Utack {
  return readUtack(bareUtack(type, seq))!;
}

describe("HandshakeRetransmitter", () => {
  it("has nothing to repeat at first", () => {
    const repeats = new HandshakeRetransmitter();
    expect(repeats.nextDeadline()).to.equal(Infinity);
    expect(repeats.take(1e9)).to.deep.equal([]);
  });

  it("repeats after 500 ms, then after twice as long each time, up to 5 s (§6)", () => {
    const repeats = new HandshakeRetransmitter();
    repeats.replace([HELLO], 100);
    const due: number[] = [];
    for (let repeat = 0; repeat < 7; repeat++) {
      due.push(repeats.nextDeadline());
      expect(repeats.take(repeats.nextDeadline() - 1)).to.deep.equal([]);
      expect(repeats.take(repeats.nextDeadline())).to.deep.equal([HELLO.bytes]);
    }
    expect(due).to.deep.equal([600, 1_600, 3_600, 7_600, 12_600, 17_600, 22_600]);
    expect(repeats.count).to.equal(7);
  });

  it("retransmits everything that waits for a reply, until it is replaced", () => {
    const repeats = new HandshakeRetransmitter();
    repeats.replace([HELLO, HELLO_ACK], 0);
    expect(repeats.take(500)).to.deep.equal([HELLO.bytes, HELLO_ACK.bytes]);
    expect(repeats.count).to.equal(2);
    repeats.replace([HELLO_ACK], 600);
    expect(repeats.nextDeadline()).to.equal(1_100);
    repeats.replace([], 700);
    expect(repeats.nextDeadline()).to.equal(Infinity);
  });

  it("lengthens a wait once after a UTACK, however many come (§6)", () => {
    const repeats = new HandshakeRetransmitter();
    repeats.replace([HELLO], 0);
    for (let flood = 0; flood < 100; flood++) repeats.acknowledge(utack(1, 0));
    expect(repeats.nextDeadline()).to.equal(1_000);
    expect(repeats.take(1_000)).to.have.lengthOf(1);
    expect(repeats.nextDeadline()).to.equal(2_000);
    repeats.acknowledge(utack(1, 0));
    expect(repeats.nextDeadline()).to.equal(3_000);
  });

  it("does not heed the UTACK of anything else", () => {
    const repeats = new HandshakeRetransmitter();
    repeats.replace([HELLO], 0);
    for (const other of [utack(1, 1), utack(3, 0)]) repeats.acknowledge(other);
    expect(repeats.nextDeadline()).to.equal(500);
  });
});

import { expect } from "chai";
import { readUtack, sealedUtack, bareUtack, type Utack } from "../../../lib/core/wire/utack.js";
import { StopAndWaitArq, type Departure } from "../../../lib/core/datagram/stop-and-wait-arq.js";
import { UsmpError } from "../../../lib/errors.js";
import { counted, filled, flipped, utf8 } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";

const KEY = filled(32, 1);
const NEW_KEY = filled(32, 2);
const FRAME = utf8("a frame as it was sealed");
const DATA = 5;
const lost = (message: string): UsmpError => new UsmpError("TIMEOUT", message);

function utack(type = DATA, seq = 7, key = KEY): Utack {
  return readUtack(sealedUtack(crypto, key, type, seq))!;
}

function frame(seq: number, changed: Partial<Departure> = {}): Departure {
  return { bytes: FRAME, type: DATA, seq, keys: [KEY], isFragment: false, isLater: false, ...changed };
}

/** When each sending of the frame in flight leaves, and when it is given up. */
function sendings(flight: StopAndWaitArq, from: number): number[] {
  const at = [from];
  for (let sends = 1; sends <= 8; sends++) {
    at.push(flight.nextDeadline());
    if (sends < 8) expect(flight.resend(at.at(-1)!, lost)).to.deep.equal(FRAME);
  }
  return at.map((ms) => Math.round(ms - from));
}

function inFlight(now = 0, keys: readonly Uint8Array[] = [KEY]): StopAndWaitArq {
  const flight = new StopAndWaitArq(crypto);
  flight.send(frame(7, { keys }), now);
  return flight;
}

describe("StopAndWaitArq", () => {
  it("has nothing due while nothing is in flight", () => {
    const flight = new StopAndWaitArq(crypto);
    flight.prepare();
    expect(flight.isIdle).to.equal(true);
    expect(flight.nextDeadline()).to.equal(Infinity);
    expect(flight.resend(1e9, lost)).to.equal(null);
    expect(flight.acknowledge(utack(), 0)).to.equal(false);
  });

  it("holds one frame until its UTACK", () => {
    const flight = inFlight();
    expect(flight.isIdle).to.equal(false);
    expect(flight.unackedBytes).to.equal(FRAME.length);
    expect(flight.acknowledge(utack(), 30)).to.equal(true);
    expect(flight.isIdle).to.equal(true);
    expect(flight.unackedBytes).to.equal(0);
    expect(flight.acknowledge(utack(), 31)).to.equal(false);
  });

  it("ignores a UTACK that is forged, bare, of another key, type or number (§6, case 43)", () => {
    const flight = inFlight();
    for (const prepared of [false, true]) {
      if (prepared) flight.prepare();
      const others = [
        readUtack(flipped(sealedUtack(crypto, KEY, DATA, 7), -1))!,
        readUtack(bareUtack(DATA, 7))!,
        utack(DATA, 7, NEW_KEY),
        utack(6, 7),
        utack(DATA, 6),
        utack(DATA, 8),
      ];
      for (const other of others) expect(flight.acknowledge(other, 0)).to.equal(false);
    }
    expect(flight.isIdle).to.equal(false);
    expect(flight.nextDeadline()).to.equal(500);
  });

  it("takes a UTACK under any of the keys that the frame may be acknowledged with", () => {
    for (const key of [KEY, NEW_KEY]) {
      expect(inFlight(0, [KEY, NEW_KEY]).acknowledge(utack(DATA, 7, key), 1)).to.equal(true);
    }
  });

  it("sends the same bytes 8 times, at first after 500 ms, doubling to 5 s, and then gives up (§6, case 44)", () => {
    const flight = inFlight(1_000);
    const waits: number[] = [];
    let at = 1_000;
    for (let sends = 1; sends < 8; sends++) {
      waits.push(flight.nextDeadline() - at);
      at = flight.nextDeadline();
      expect(flight.resend(at - 0.1, lost)).to.equal(null);
      expect(flight.resend(at, lost)).to.deep.equal(FRAME);
    }
    waits.push(flight.nextDeadline() - at);
    expect(waits).to.deep.equal([500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000]);
    expect(flight.retransmissions).to.equal(7);
    expectCode(() => flight.resend(flight.nextDeadline(), lost), "TIMEOUT");
  });

  it("has at least 16 s of patience, however short the round trip (§6, case 44)", () => {
    const flight = inFlight(0);
    flight.acknowledge(utack(), 1);
    flight.send(frame(8), 10);
    let sends = 1;
    for (; sends < 8; sends++) flight.resend(flight.nextDeadline(), lost);
    expect(flight.nextDeadline() - 10).to.equal(16_300);
  });

  it("measures a frame that was sent once, and none that was retransmitted (Karn's rule)", () => {
    const flight = inFlight(0);
    flight.resend(500, lost);
    flight.acknowledge(utack(), 510);
    expect(flight.roundTripMs).to.equal(null);
    flight.send(frame(8), 600);
    expect(flight.nextDeadline(), "backed off until something is measured").to.equal(1_600);
    flight.acknowledge(utack(DATA, 8), 640);
    expect(flight.roundTripMs).to.equal(40);
    flight.send(frame(9), 700);
    expect(flight.nextDeadline()).to.equal(700 + 40 + 4 * 20);
  });

  it("takes its first timeout from the round trip that the handshake showed (§6)", () => {
    const flight = new StopAndWaitArq(crypto, 40);
    expect(flight.roundTripMs).to.equal(40);
    flight.send(frame(7), 0);
    expect(flight.nextDeadline()).to.equal(40 + 4 * 20);
  });

  it("repeats a frame of a fragmented message three times without doubling, and is as patient in all (§6, cases 44, 83)", () => {
    for (const roundTripMs of [1, 20, 100, 400]) {
      const flight = new StopAndWaitArq(crypto, roundTripMs);
      flight.send(frame(7, { isFragment: true, isLater: true }), 0);
      const at = sendings(flight, 0);
      const urgentMs = Math.max(30, 1.5 * roundTripMs);
      expect(at.slice(0, 4), `${roundTripMs} ms`).to.deep.equal(
        [0, 1, 2, 3].map((repeat) => Math.round(repeat * urgentMs)),
      );
      expect(at.at(-1)).to.be.at.least(16_000);
      expectCode(() => flight.resend(1e6, lost), "TIMEOUT");
    }
  });

  it("does not double from fragment to fragment, but for the next message until something is measured", () => {
    const flight = new StopAndWaitArq(crypto, 100);
    flight.send(frame(7, { isFragment: true }), 0);
    flight.resend(150, lost);
    flight.acknowledge(utack(DATA, 7), 250);
    flight.send(frame(8, { isFragment: true, isLater: true }), 250);
    expect(flight.nextDeadline()).to.equal(400);
    flight.resend(400, lost);
    flight.acknowledge(utack(DATA, 8), 500);
    flight.send(frame(9), 500);
    expect(flight.nextDeadline()).to.equal(500 + 2 * 300);
    flight.acknowledge(utack(DATA, 9), 600);
    flight.send(frame(10), 600);
    expect(flight.nextDeadline()).to.be.below(600 + 300);
  });

  it("retransmits an overdue frame while the peer listens, after a round trip at least, and keeps 8 sendings and 16 s (§6, case 44)", () => {
    const flight = new StopAndWaitArq(crypto, 40);
    flight.send(frame(7), 0);
    expect(flight.resendOverdue(59)).to.equal(null);
    expect(flight.resendOverdue(60)).to.deep.equal(FRAME);
    expect(flight.resendOverdue(119)).to.equal(null);
    let [sends, at] = [2, 60];
    for (; at < 100_000; at += 10) {
      if (at >= flight.nextDeadline() && sends === 8) break;
      const again = flight.resend(at, lost) ?? flight.resendOverdue(at);
      if (again !== null) sends++;
    }
    expect(sends).to.equal(8);
    expect(at).to.be.at.least(16_000);
    expectCode(() => flight.resend(at, lost), "TIMEOUT");
  });

  it("is idle again if another frame showed that this one arrived", () => {
    const flight = inFlight();
    flight.settle();
    expect(flight.isIdle).to.equal(true);
    expect(flight.nextDeadline()).to.equal(Infinity);
    expect(flight.retransmissions).to.equal(0);
    flight.send(frame(8, { bytes: counted(20) }), 5);
    expect(flight.acknowledge(utack(DATA, 7), 6), "of the frame before").to.equal(false);
  });
});

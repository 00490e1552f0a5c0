import { expect } from "chai";
import { readUtack, sealedUtack, bareUtack, type Utack } from "../../lib/core/utack.js";
import { StopAndWait } from "../../lib/core/stop-and-wait.js";
import { UsmpError } from "../../lib/errors.js";
import { counted, filled, flipped, utf8 } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { expectCode } from "../support/core-errors.js";

const KEY = filled(32, 1);
const NEW_KEY = filled(32, 2);
const FRAME = utf8("a frame as it was sealed");
const DATA = 5;
const lost = (message: string): UsmpError => new UsmpError("TIMEOUT", message);

function utack(type = DATA, seq = 7, key = KEY): Utack {
  return readUtack(sealedUtack(crypto, key, type, seq))!;
}

function inFlight(now = 0, keys: readonly Uint8Array[] = [KEY]): StopAndWait {
  const flight = new StopAndWait(crypto);
  flight.send(FRAME, DATA, 7, keys, now);
  return flight;
}

describe("StopAndWait", () => {
  it("has nothing due while nothing is in flight", () => {
    const flight = new StopAndWait(crypto);
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
    flight.send(FRAME, DATA, 8, [KEY], 10);
    let sends = 1;
    for (; sends < 8; sends++) flight.resend(flight.nextDeadline(), lost);
    expect(flight.nextDeadline() - 10).to.equal(16_300);
  });

  it("measures a frame that was sent once, and none that was sent again (Karn's rule)", () => {
    const flight = inFlight(0);
    flight.resend(500, lost);
    flight.acknowledge(utack(), 510);
    expect(flight.roundTripMs).to.equal(null);
    flight.send(FRAME, DATA, 8, [KEY], 600);
    expect(flight.nextDeadline(), "backed off until something is measured").to.equal(1_600);
    flight.acknowledge(utack(DATA, 8), 640);
    expect(flight.roundTripMs).to.equal(40);
    flight.send(FRAME, DATA, 9, [KEY], 700);
    expect(flight.nextDeadline()).to.equal(700 + 40 + 4 * 20);
  });

  it("is idle again where something else told that the frame arrived", () => {
    const flight = inFlight();
    flight.settle();
    expect(flight.isIdle).to.equal(true);
    expect(flight.nextDeadline()).to.equal(Infinity);
    expect(flight.retransmissions).to.equal(0);
    flight.send(counted(20), DATA, 8, [KEY], 5);
    expect(flight.acknowledge(utack(DATA, 7), 6), "of the frame before").to.equal(false);
  });
});

import { expect } from "chai";

import { VirtualClock } from "../../../lib/testing/virtual-clock.js";
import { DatagramPath } from "../../../lib/testing/network/datagram-path.js";
import type { DatagramConditions } from "../../../lib/testing/network/memory-conditions.js";
import { SeededRandom } from "../../../lib/transport/random.js";

const SEED = 4_711;

describe("DatagramPath", () => {
  /** What arrives of datagrams 0 to 999, one sent each millisecond. */
  async function deliver(conditions: DatagramConditions): Promise<number[]> {
    const clock = new VirtualClock();
    const path = new DatagramPath(clock, new SeededRandom(SEED));
    const got: number[] = [];
    for (let number = 0; number < 1_000; number++) {
      const datagram = Uint8Array.of(number >> 8, number & 0xff);
      path.carry(datagram, conditions, (arrived) => got.push(Buffer.from(arrived).readUInt16BE()));
      await clock.advance(1);
    }
    await clock.advance(1_000);
    expect(clock.pending).to.equal(0);
    return got;
  }
  const ALL = Array.from({ length: 1_000 }, (_, number) => number);

  it("delivers datagrams whole, once and in order by default", async () => {
    expect(await deliver({})).to.deep.equal(ALL);
  });

  it("loses as many as asked, the same ones for one seed", async () => {
    const got = await deliver({ loss: 0.2 });
    expect(got.length).to.be.within(740, 860);
    expect(new Set(got).size).to.equal(got.length);
    expect(await deliver({ loss: 0.2 })).to.deep.equal(got);
    expect(await deliver({ loss: 1 })).to.deep.equal([]);
  });

  it("delivers as many twice as asked", async () => {
    const got = await deliver({ duplicate: 0.2, jitterMs: 5 });
    expect(got.length).to.be.within(1_140, 1_260);
    expect([...new Set(got)].sort((a, b) => a - b)).to.deep.equal(ALL);
  });

  it("lets datagrams overtake the ones that it holds back", async () => {
    const got = await deliver({ reorder: 0.1, latencyMs: 10 });
    expect(got).to.not.deep.equal(ALL);
    expect(got.toSorted((a, b) => a - b)).to.deep.equal(ALL);
    const late = got.filter((number, index) => got.slice(0, index).some((earlier) => earlier > number));
    expect(late.length).to.be.within(60, 140);
  });

  it("copies what it carries, and forgets what is on its way when it is cleared", async () => {
    const clock = new VirtualClock();
    const path = new DatagramPath(clock, new SeededRandom(SEED));
    const got: number[][] = [];
    const carry = (bytes: Uint8Array): void => path.carry(bytes, { latencyMs: 5 }, (arrived) => got.push([...arrived]));
    const buffer = Uint8Array.of(1, 2);
    carry(buffer);
    buffer.fill(0);
    await clock.advance(5);
    expect(got).to.deep.equal([[1, 2]]);
    carry(buffer);
    path.clear();
    expect(clock.pending).to.equal(0);
    await clock.advance(10);
    expect(got).to.have.length(1);
  });
});

import { expect } from "chai";

import { SimulatedClock } from "../../../lib/testing/simulated-clock.js";
import { MemoryNetwork } from "../../../lib/testing/network/memory.js";

const SEED = 4_711;

describe("MemoryNetwork.datagramPair", () => {
  /** What arrives of datagrams 0 to 999, one sent each millisecond. */
  async function deliver(conditions: Parameters<MemoryNetwork["datagramPair"]>[0]): Promise<number[]> {
    const clock = new SimulatedClock();
    const network = new MemoryNetwork({ clock, seed: SEED });
    const [dialed, accepted] = network.datagramPair(conditions);
    const got: number[] = [];
    accepted.attach((datagram) => got.push(Buffer.from(datagram).readUInt16BE()));
    for (let number = 0; number < 1_000; number++) {
      dialed.send(Uint8Array.of(number >> 8, number & 0xff));
      await clock.advance(1);
    }
    await clock.advance(1_000);
    expect(clock.pending).to.equal(0);
    return got;
  }
  const ALL = Array.from({ length: 1_000 }, (_, number) => number);

  it("arrive whole, once and in order by default", async () => {
    expect(await deliver({})).to.deep.equal(ALL);
  });

  it("get lost as often as asked, alike for one seed", async () => {
    const got = await deliver({ toAcceptor: { loss: 0.2 } });
    expect(got.length).to.be.within(740, 860);
    expect(new Set(got).size).to.equal(got.length);
    expect(await deliver({ toAcceptor: { loss: 0.2 } })).to.deep.equal(got);
    expect(await deliver({ toAcceptor: { loss: 1 } })).to.deep.equal([]);
  });

  it("arrive twice as often as asked", async () => {
    const got = await deliver({ toAcceptor: { duplicate: 0.2, jitterMs: 5 } });
    expect(got.length).to.be.within(1_140, 1_260);
    expect([...new Set(got)].sort((a, b) => a - b)).to.deep.equal(ALL);
  });

  it("overtake the ones that are held back", async () => {
    const got = await deliver({ toAcceptor: { reorder: 0.1, latencyMs: 10 } });
    expect(got).to.not.deep.equal(ALL);
    expect(got.toSorted((a, b) => a - b)).to.deep.equal(ALL);
    const late = got.filter((number, index) => got.slice(0, index).some((earlier) => earlier > number));
    expect(late.length).to.be.within(60, 140);
  });

  it("are the sender's to change once sent, and stop at close", async () => {
    const clock = new SimulatedClock();
    const network = new MemoryNetwork({ clock, seed: SEED });
    const [dialed, accepted] = network.datagramPair({ toDialer: { latencyMs: 5 } });
    const got: number[][] = [];
    dialed.attach((datagram) => got.push([...datagram]));
    const buffer = Uint8Array.of(1, 2);
    accepted.send(buffer);
    buffer.fill(0);
    await clock.advance(5);
    expect(got).to.deep.equal([[1, 2]]);
    accepted.send(buffer);
    accepted.close();
    accepted.send(buffer);
    dialed.close();
    expect(clock.pending).to.equal(0);
    await clock.advance(10);
    expect(got).to.have.length(1);
  });
});

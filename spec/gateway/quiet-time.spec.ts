import { expect } from "chai";
import type { Timer } from "../../lib/core/clock.js";
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { KeyPairPool } from "../../lib/gateway/key-pair-pool.js";
import { QuietTime } from "../../lib/gateway/quiet-time.js";
import { SimulatedClock } from "../../lib/testing/simulated-clock.js";
import { crypto } from "../support/core-crypto.js";

describe("QuietTime", () => {
  let clock: SimulatedClock;
  let quietTime: QuietTime;
  let told: string[];

  const wait = (name: string): Timer => quietTime.afterReadPass(() => told.push(name));

  beforeEach(() => {
    clock = new SimulatedClock();
    quietTime = new QuietTime(clock);
    told = [];
  });

  it("calls back at once where nobody is about to answer", async () => {
    wait("one");
    expect(told).to.deep.equal([]);
    await clock.advance(0);
    expect(told).to.deep.equal(["one"]);
  });

  it("waits until devices have had time to answer", async () => {
    quietTime.disturb();
    wait("one");
    await clock.advance(3);
    quietTime.disturb();
    await clock.advance(4);
    expect(told).to.deep.equal([]);
    await clock.advance(1);
    expect([told, clock.pending]).to.deep.equal([["one"], 0]);
  });

  it("waits no longer once one has left", async () => {
    quietTime.disturb();
    wait("one");
    quietTime.settle();
    await clock.advance(0);
    expect([told, clock.pending]).to.deep.equal([["one"], 0]);
  });

  it("does not call back what was cancelled, whoever leaves then", async () => {
    quietTime.disturb();
    wait("one").cancel();
    quietTime.settle();
    await clock.advance(10);
    expect([told, clock.pending]).to.deep.equal([[], 0]);
  });

  it("cancels what it is asked to, not what came after it", async () => {
    const done = wait("one");
    await clock.advance(0);
    wait("two");
    done.cancel();
    await clock.advance(0);
    expect(told).to.deep.equal(["one", "two"]);
  });

  it("calls back once, however often somebody leaves", async () => {
    quietTime.disturb();
    wait("one");
    quietTime.settle();
    quietTime.disturb();
    quietTime.settle();
    await clock.advance(20);
    expect([told, clock.pending]).to.deep.equal([["one"], 0]);
  });

  it("keeps no process alive", () => {
    let [made, unrefs] = [0, 0];
    const timer = (): Timer => (made++, { cancel: () => {}, unref: () => void unrefs++ });
    quietTime = new QuietTime({ now: () => 0, after: timer, afterReadPass: timer });
    quietTime.disturb();
    wait("one");
    quietTime.settle();
    expect([made, unrefs]).to.deep.equal([2, 2]);
  });

  it("serves a gateway that listens again while it still stops", async () => {
    const makes = (pool: string): CryptoProvider => ({
      ...crypto,
      generateKeyPair: () => (told.push(pool), crypto.generateKeyPair()),
    });
    const first = new KeyPairPool(makes("first"), quietTime);
    await clock.advance(0);
    first.take();
    told = [];
    const second = new KeyPairPool(makes("second"), quietTime);
    first.close();
    await clock.advance(0);
    expect(told).to.deep.equal(Array<string>(8).fill("second"));
    second.close();
  });
});

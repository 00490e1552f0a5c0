import { expect } from "chai";
import type { CryptoProvider, KeyPair } from "../../lib/core/crypto-provider.js";
import { KeyPairPool } from "../../lib/gateway/key-pair-pool.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { crypto } from "../support/core-crypto.js";
import { toHex } from "../support/core-bytes.js";

describe("KeyPairPool", () => {
  let clock: VirtualClock;
  let made: number;
  let wiped: number;
  let broken: boolean;

  const counting: CryptoProvider = {
    ...crypto,
    generateKeyPair: (): KeyPair => {
      if (broken) throw new Error("no randomness");
      made++;
      const pair = crypto.generateKeyPair();
      return { publicKey: pair.publicKey, sharedSecret: (peer) => pair.sharedSecret(peer), wipe: () => wiped++ };
    },
  };

  beforeEach(() => {
    clock = new VirtualClock();
    [made, wiped, broken] = [0, 0, false];
  });

  it("makes a few ahead, when nothing else is to be done, and then rests", async () => {
    new KeyPairPool(counting, clock);
    expect(made).to.equal(0);
    await clock.advance(0);
    expect([made, clock.pending]).to.deep.equal([8, 0]);
  });

  it("makes one in each turn, so that nobody waits for more", () => {
    const turns: (() => void)[] = [];
    const byHand = { now: () => 0, after: clock.after.bind(clock) };
    const pool = new KeyPairPool(counting, {
      ...byHand,
      afterReadPass: (turn) => (turns.push(turn), { cancel: () => {}, unref: () => {} }),
    });
    for (let expected = 1; turns.length > 0; expected++) {
      turns.shift()!();
      expect(made).to.equal(expected);
    }
    expect(made).to.equal(8);
    pool.close();
  });

  it("gives each out once, and makes it anew", async () => {
    const pool = new KeyPairPool(counting, clock);
    const seen = new Set<string>();
    for (let round = 0; round < 20; round++) {
      for (let taken = 0; taken < round % 12; taken++) seen.add(toHex(pool.take().publicKey));
      await clock.advance(0);
    }
    const taken = Array.from({ length: 20 }, (_, round) => round % 12).reduce((sum, each) => sum + each, 0);
    expect([seen.size, made]).to.deep.equal([taken, taken + 8]);
  });

  it("makes one at once where it is empty", () => {
    const pool = new KeyPairPool(counting, clock);
    expect([pool.take().publicKey.length, made]).to.deep.equal([32, 1]);
  });

  it("wipes what was not given out, and leaves what was; and makes nothing more ahead", async () => {
    const pool = new KeyPairPool(counting, clock);
    await clock.advance(0);
    pool.take();
    pool.close();
    await clock.advance(10);
    expect([made, wiped, clock.pending]).to.deep.equal([8, 7, 0]);
    pool.take();
    await clock.advance(10);
    expect([made, clock.pending], "one for whoever is late").to.deep.equal([9, 0]);
  });

  it("that cannot make any tells whoever takes one, nobody else, and recovers", async () => {
    broken = true;
    const pool = new KeyPairPool(counting, clock);
    await clock.advance(10);
    expect(() => pool.take()).to.throw("no randomness");
    broken = false;
    pool.take();
    await clock.advance(0);
    expect(made).to.equal(9);
  });

  it("keeps no process alive", async () => {
    let unrefs = 0;
    const watched = {
      now: () => clock.now(),
      after: (ms: number, callback: () => void) => clock.after(ms, callback),
      afterReadPass: (callback: () => void) => ({ ...clock.afterReadPass(callback), unref: () => unrefs++ }),
    };
    new KeyPairPool(counting, watched);
    await clock.advance(0);
    expect(unrefs).to.equal(8);
  });
});

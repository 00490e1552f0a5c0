/** What a step in a full table costs does not depend on how large the table is. */
import { expect } from "chai";
import { LruMap } from "../../lib/gateway/admission/lru-map.js";

const SMALL = 64;
const LARGE = 65_536;
const TIMES = 30_000;
/** Memory that is no longer in the processor's caches costs some of it; a Map's own order, which gets slower, 50 and more. */
const MAX_TIMES = 20;

describe("gateway/bounded-table, full", () => {
  /** The processor's time for that many steps. */
  function processorMs(entries: number, keyOf: (at: number) => string): number {
    const table = new LruMap<number>(entries);
    for (let at = 0; at < entries; at++) table.set(`10.0.0.1 ${at}`, at);
    const before = process.cpuUsage();
    for (let at = 0; at < TIMES; at++) table.set(keyOf(at), at);
    const { user, system } = process.cpuUsage(before);
    expect(table.get("10.0.0.1 0"), "evicted, or not the oldest").to.equal(keyOf(0) === keyOf(1) ? 0 : undefined);
    return (user + system) / 1_000;
  }

  for (const [what, keyOf] of [
    ["sets one anew, which whoever comes again and again makes it do", () => "10.0.0.1 5"],
    ["lets the oldest go", (at: number) => `10.0.0.2 ${at}`],
  ] as const) {
    it(`${what}, as fast as a small one`, () => {
      processorMs(SMALL, keyOf);
      const [small, large] = [processorMs(SMALL, keyOf), processorMs(LARGE, keyOf)];
      expect(large / small, `${small} and ${large} ms`).to.be.below(MAX_TIMES);
    });
  }
});

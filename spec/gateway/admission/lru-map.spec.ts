import { expect } from "chai";
import { LruMap } from "../../../lib/gateway/admission/lru-map.js";

describe("LruMap", () => {
  it("holds what was set", () => {
    const table = new LruMap<number>(2);
    table.set("a", 1);
    table.set("b", 2);
    expect([table.get("a"), table.get("b"), table.get("c")]).to.deep.equal([1, 2, undefined]);
  });

  it("lets go what was set longest ago, as soon as one is too many", () => {
    const table = new LruMap<number>(2);
    for (const [at, key] of ["a", "b", "c"].entries()) table.set(key, at);
    expect([table.get("a"), table.get("b"), table.get("c")]).to.deep.equal([undefined, 1, 2]);
  });

  it("counts what is set again as the newest, and getting as nothing", () => {
    const table = new LruMap<number>(2);
    table.set("a", 1);
    table.set("b", 2);
    table.set("a", 3);
    table.get("b");
    table.set("c", 4);
    expect([table.get("a"), table.get("b"), table.get("c")]).to.deep.equal([3, undefined, 4]);
  });

  it("has room again where one was deleted, and says whether there was one", () => {
    const table = new LruMap<number>(1);
    table.set("a", 1);
    expect([table.delete("a"), table.delete("a")]).to.deep.equal([true, false]);
    table.set("b", 2);
    expect(table.get("b")).to.equal(2);
  });

  it("stays at its bound, whatever is set", () => {
    const table = new LruMap<number>(100);
    for (let at = 0; at < 10_000; at++) table.set(String((at * 7_919) % 1_000), at);
    const held = Array.from({ length: 1_000 }, (_, key) => table.get(String(key))).filter((at) => at !== undefined);
    expect(held).to.have.lengthOf(100);
  });

  it("keeps its order when the newest, the oldest and one in between are set anew or deleted", () => {
    const table = new LruMap<string>(4);
    for (const key of ["a", "b", "c", "d"]) table.set(key, key);
    for (const key of ["d", "a", "c"]) table.set(key, key);
    table.delete("c");
    table.set("e", "e");
    for (const [added, gone] of [
      ["f", "b"],
      ["g", "d"],
      ["h", "a"],
      ["i", "e"],
    ] as const) {
      expect(table.get(gone)).to.equal(gone);
      table.set(added, added);
      expect(table.get(gone)).to.equal(undefined);
    }
  });
});

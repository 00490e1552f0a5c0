import { expect } from "chai";

import { MemoryStorage } from "../../../lib/arduino/board/storage.js";
import { NvsNamespace, type NvsEntry } from "../../../lib/arduino/storage/nvs-namespace.js";

const NAME = "preferences-net";

describe("NvsNamespace", () => {
  const entries: Readonly<Record<string, NvsEntry>> = {
    boots: { type: "u64", value: 2n ** 64n - 1n },
    name: { type: "str", value: "roof é \udcff" },
    key: { type: "blob", value: Uint8Array.of(0, 255) },
  };

  it("is in flash when a change returns, and comes back with its types", () => {
    const storage = new MemoryStorage();
    const written = new NvsNamespace(storage, "net");
    for (const [key, entry] of Object.entries(entries)) written.set(key, entry);
    const read = new NvsNamespace(storage, "net");
    expect(Object.keys(entries).map((key) => read.get(key))).to.deep.equal(Object.values(entries));
  });

  it("is JSON that a developer can read", () => {
    const storage = new MemoryStorage();
    new NvsNamespace(storage, "net").set("boots", { type: "u32", value: 17n });
    expect(JSON.parse(Buffer.from(storage.read(NAME)!).toString())).to.deep.equal({ boots: ["u32", "17"] });
  });

  it("exists once it was opened for writing", () => {
    const storage = new MemoryStorage();
    const namespace = new NvsNamespace(storage, "net");
    expect([namespace.exists, new NvsNamespace(storage, "net").exists]).to.deep.equal([false, false]);
    namespace.create();
    expect([namespace.exists, new NvsNamespace(storage, "net").exists]).to.deep.equal([true, true]);
  });

  it("forgets a key, or all of them", () => {
    const storage = new MemoryStorage();
    const namespace = new NvsNamespace(storage, "net");
    namespace.set("a", { type: "u8", value: 1n });
    namespace.set("b", { type: "u8", value: 2n });
    expect([namespace.delete("a"), namespace.delete("a")]).to.deep.equal([true, false]);
    expect(new NvsNamespace(storage, "net").get("a")).to.equal(undefined);
    namespace.clear();
    expect(new NvsNamespace(storage, "net").get("b")).to.equal(undefined);
  });

  it("counts entries of 32 bytes", () => {
    const namespace = new NvsNamespace(new MemoryStorage(), "net");
    namespace.set("number", { type: "i64", value: 1n });
    expect(namespace.used).to.equal(1);
    namespace.set("text", { type: "str", value: "x".repeat(31) });
    expect(namespace.used).to.equal(1 + 2);
    namespace.set("bytes", { type: "blob", value: new Uint8Array(33) });
    expect(namespace.used).to.equal(1 + 2 + 4);
  });

  for (const content of ["", "no json", "[1]", '{"a":1}', '{"a":["u8",1]}', '{"a":["u8","x"]}', '{"a":["u7","1"]}']) {
    it(`refuses to work on what it has not written: ${content || "nothing"}`, () => {
      const storage = new MemoryStorage();
      storage.write(NAME, Buffer.from(content));
      expect(() => new NvsNamespace(storage, "net")).to.throw(
        `"${NAME}" in the board's flash holds something that no Preferences wrote: remove it`,
      );
    });
  }
});

import { expect } from "chai";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStorage } from "../../../lib/arduino/board/file-storage.js";
import { MemoryStorage } from "../../../lib/arduino/board/storage.js";

describe("arduino/board/storage", () => {
  const folder = mkdtempSync(join(tmpdir(), "usmp-storage-"));
  after(() => rmSync(folder, { recursive: true }));

  for (const [what, create] of [
    ["in files", () => new FileStorage(join(folder, "flash"))],
    ["in memory", () => new MemoryStorage()],
  ] as const) {
    it(`keeps copies of bytes by name ${what}`, () => {
      const storage = create();
      const bytes = Uint8Array.of(1, 2, 3);
      expect(storage.read("a")).to.equal(null);
      storage.write("a", bytes);
      bytes[0] = 9;
      const read = storage.read("a");
      expect(read).to.deep.equal(Uint8Array.of(1, 2, 3));
      read!.fill(0);
      expect(storage.read("a")).to.deep.equal(Uint8Array.of(1, 2, 3));
      storage.write("a", new Uint8Array());
      expect(storage.read("a")).to.deep.equal(new Uint8Array());
      storage.remove("a");
      storage.remove("a");
      expect(storage.read("a")).to.equal(null);
    });
  }

  it("makes its folder when something is kept first, and leaves it with no name", () => {
    const inner = join(folder, "inner");
    const storage = new FileStorage(inner);
    expect(storage.read("a")).to.equal(null);
    expect(readdirSync(folder)).not.to.include("inner");
    for (const name of ["../up", "..", "a/b", ".hidden", "ä b"]) {
      storage.write(name, Uint8Array.of(7));
      expect(storage.read(name), name).to.deep.equal(Uint8Array.of(7));
    }
    expect(readdirSync(folder).sort()).to.deep.equal(["flash", "inner"]);
    expect(readdirSync(inner))
      .to.have.length(5)
      .and.to.satisfy((files: string[]) => files.every((file) => file.endsWith(".bin")));
  });

  it("is read by the next who opens the folder, and tells of what cannot be read", () => {
    new FileStorage(folder).write("kept", Uint8Array.of(5));
    expect(new FileStorage(folder).read("kept")).to.deep.equal(Uint8Array.of(5));
    expect(() => new FileStorage(join(folder, "kept.bin")).read("a")).to.throw("ENOTDIR");
  });

  it("tells where something is kept", () => {
    expect(new FileStorage(folder).place("a b")).to.equal(join(folder, "a%20b.bin"));
    expect(new MemoryStorage().place("a")).to.equal('"a" in the board\'s flash');
  });
});

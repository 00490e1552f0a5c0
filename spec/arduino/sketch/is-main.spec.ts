import { expect } from "chai";
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isMain } from "../../../lib/arduino/index.js";

describe("arduino/sketch/is-main", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "usmp-is-main-")));
  const program = join(folder, "blink.ts");
  const meta = { url: pathToFileURL(program).href };
  const argv = [...process.argv];
  before(() => {
    writeFileSync(program, "");
    symlinkSync(program, join(folder, "link.ts"));
  });
  afterEach(() => (process.argv = [...argv]));
  after(() => rmSync(folder, { recursive: true }));

  it("knows the program that was started, also without its extension and through a link", () => {
    for (const path of [program, join(folder, "blink"), join(folder, "link.ts")]) {
      process.argv[1] = path;
      expect(isMain(meta), path).to.equal(true);
    }
  });

  it("is false for a module that another program imports", () => {
    for (const path of [join(folder, "other.ts"), join(folder, "gone.ts")]) {
      process.argv[1] = path;
      expect(isMain(meta), path).to.equal(false);
    }
    process.argv.length = 1;
    expect(isMain(meta)).to.equal(false);
    expect(isMain({ url: "data:text/javascript,0" })).to.equal(false);
  });
});

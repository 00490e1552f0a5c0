/** Every input that the fuzzers kept, as a test of its own: what was reached once is reached in every run. */
import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import type { Fuzz } from "./property.js";
import { TARGETS } from "./targets.js";

const here = (path: string): URL => new URL(path, import.meta.url);
/** Breaks on purpose; see runner.spec.ts. */
const NO_TARGET = "broken-on-purpose";

describe("fuzz targets", () => {
  it("are all in the list", () => {
    const files = readdirSync(here("targets")).filter((file) => /\.(ts|js)$/.test(file));
    const names = files.map((file) => file.slice(0, -3)).filter((name) => name !== NO_TARGET);
    expect(TARGETS.map(({ name }) => name)).to.have.members(names);
  });

  it("have a corpus each, and no corpus is nobody's", () => {
    expect(readdirSync(here("corpus"))).to.have.members(TARGETS.map(({ name }) => name));
  });

  for (const { name } of TARGETS) {
    it(`find nothing in the kept inputs: ${name}`, async () => {
      const { fuzz } = (await import(`./targets/${name}.js`)) as { fuzz: Fuzz };
      const files = readdirSync(here(`corpus/${name}/`));
      expect(files).to.have.length.greaterThan(0);
      for (const file of files) {
        const input = Uint8Array.from(readFileSync(here(`corpus/${name}/${file}`)));
        try {
          await fuzz(input);
        } catch (cause) {
          throw new Error(`${name} breaks with corpus/${name}/${file}: ${String(cause)}`, { cause });
        }
      }
    });
  }
});

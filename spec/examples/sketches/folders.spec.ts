import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";

const SKETCHES = new URL("../../../examples/sketches/", import.meta.url);
const SPECS = new URL("./", import.meta.url);

const names = readdirSync(SKETCHES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

const sketchText = (name: string): string => readFileSync(new URL(`${name}/${name}.ino`, SKETCHES), "utf8");
const twinText = (name: string): string => readFileSync(new URL(`${name}/${name}.ts`, SKETCHES), "utf8");

/** The functions that stand on their own, in their order. */
function functionsOfSketch(text: string): string[] {
  return Array.from(text.matchAll(/^(?!static_assert)[a-z]\w*[\w ]* \**(\w+)\(.*\) \{/gm), ([, name]) => name!);
}

function functionsOfTwin(text: string): string[] {
  const functions = text.matchAll(/^(?:export |async | {2})*function (\w+)\(/gm);
  return Array.from(functions, ([, name]) => name!).filter(
    (name) => !text.includes(`export default function ${name}(`),
  );
}

/** Constants by their name, the value as both languages would write it. */
function constants(text: string): Map<string, string> {
  const found = text.matchAll(/^const (?:\w+ )*([A-Z][A-Z0-9_]+)(?:\[\w*\])?(?:: .*)? = ([\w. *-]+);/gm);
  return new Map(Array.from(found, ([, name, value]) => [name!, plain(value!)]));
}

function plain(value: string): string {
  return value.replaceAll("_", "").replace(/(\d)(?:\.0)?(?:f|UL)$/, "$1");
}

describe("examples/sketches", () => {
  it("has at least fifteen sketches", () => {
    expect(names).to.have.length.at.least(15);
  });

  it("lists every sketch in its README, and nothing else", () => {
    const readme = readFileSync(new URL("README.md", SKETCHES), "utf8");
    const rows = Array.from(readme.matchAll(/^\| \[([\w-]+)\]\(\1\/\)/gm), ([, name]) => name);
    expect(rows).to.have.members(names);
  });

  for (const name of names) {
    describe(name, () => {
      it("has a sketch, a twin and a spec, and nothing else", () => {
        expect(readdirSync(new URL(`${name}/`, SKETCHES))).to.have.members([`${name}.ino`, `${name}.ts`]);
        expect(readdirSync(SPECS)).to.include(`${name}.spec.ts`);
      });

      it("has the same functions on both sides, in the same order", () => {
        const functions = functionsOfSketch(sketchText(name));
        expect(functions).to.include.members(["setup", "loop"]);
        expect(functionsOfTwin(twinText(name))).to.deep.equal(functions);
      });

      it("has the same constants on both sides", () => {
        const inTwin = constants(twinText(name));
        const inSketch = constants(sketchText(name));
        const shared = [...inSketch.keys()].filter((constant) => inTwin.has(constant));
        expect(shared).to.have.length.at.least(1);
        for (const constant of shared) expect(inTwin.get(constant), constant).to.equal(inSketch.get(constant));
      });

      it("explains itself with the same messages on both sides", () => {
        const messages = (text: string): string[] =>
          Array.from(
            text.slice(0, text.indexOf("*/")).matchAll(/^ \* (?:From|To) the gateway:.*$/gm),
            ([line]) => line,
          );
        expect(messages(twinText(name))).to.deep.equal(messages(sketchText(name)));
      });
    });
  }
});

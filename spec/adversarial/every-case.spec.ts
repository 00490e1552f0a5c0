/** Every case of docs/adversarial-cases.md is a spec with the number of the case in its title. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import ts from "typescript";

const SPECS = fileURLToPath(new URL("..", import.meta.url));
/** A compiled copy has nothing but compiled specs. */
const SPEC_FILE = `.spec${extname(fileURLToPath(import.meta.url))}`;

/** The numbers of the cases in the document. */
const CASES = casesOf(readFileSync("docs/adversarial-cases.md", "utf8"));
/** The serial line's. */
const LATER = new Set([12, 72]);

/** "case 5: ...", "case 33 and 34: ...", "... (case 5)", "... (§6, case 44)", "... (cases 2, 3)". */
const NUMBERED = /(?:^|\(|, )cases? (\d+(?:(?:, | and )\d+)*)(?=[:) ]|$)/g;

function casesOf(document: string): number[] {
  return [...document.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
}

/** The numbers in a file's texts: comments do not count, for they run nothing. */
function casesIn(source: string): number[] {
  const found: number[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      for (const [, numbers = ""] of node.text.matchAll(NUMBERED)) found.push(...numbers.split(/, | and /).map(Number));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("spec.ts", source, ts.ScriptTarget.ES2023));
  return found;
}

function missingFrom(sources: readonly string[]): number[] {
  const found = new Set(sources.flatMap(casesIn));
  return CASES.filter((number) => !LATER.has(number) && !found.has(number));
}

describe("the adversarial cases", () => {
  it("are numbered without a gap", () => {
    expect(CASES).to.have.length.above(80);
    expect(CASES).to.deep.equal(CASES.map((_, index) => index + 1));
    expect(casesOf("## A\n\n1. x\n3. y\n    4. z\n")).to.deep.equal([1, 3]);
  });

  it("are read from titles alone, in each form that titles have", () => {
    expect(casesIn('it("case 5: x", f); it(`case 6: ${y}`, f); it("x (§6, case 44)", f);')).to.deep.equal([5, 6, 44]);
    expect(casesIn('it("x (cases 2, 3)", f); describe("case 33 and 34: x", f);')).to.deep.equal([2, 3, 33, 34]);
    expect(casesIn('// case 7: x\n/* case 8 */ it("in case 9 of 10", f); it("encase 4: x", f)')).to.deep.equal([]);
    expect(missingFrom(['it("case 1: x", f)'])).to.have.lengthOf(81);
  });

  it("are all specs", () => {
    const files = readdirSync(SPECS, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(SPEC_FILE));
    const others = files.filter((file) => !file.includes("every-case"));
    expect(others.length).to.be.greaterThan(50);
    expect(missingFrom(others.map((file) => readFileSync(join(SPECS, file), "utf8")))).to.deep.equal([]);
  });
});

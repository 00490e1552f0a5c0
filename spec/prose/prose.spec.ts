/** What `npm run lint` checks of the English in documents and comments, shown able to fail. */
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { troublesOfComments } from "./comments.js";
import { findPhrases, PHRASES, withoutCode } from "./phrases.js";

/** A sentence with each phrase, and sentences that only look like it. */
const WRONG: readonly string[] = [
  "Who polls has `read()`.",
  "The link is open. Who closes it first loses.",
  "**Who stalls** keeps out only itself.",
  "Whoever reads this is lost.",
  "It says so to nobody but the owner.",
  "The caller is told twice.",
  "Listeners are never told of it.",
  "The sender goes\non meanwhile.",
  "The older one makes way for it.",
  "What is no time means the longest delay.",
  "`print` and its kin wait.",
];
const RIGHT: readonly string[] = [
  "Who may read it?",
  "A peer who polls calls `read()`.",
  "The WHO goes online.",
  "He told the caller.",
  "Set the way on.",
];

/** What findings say, without where they are. */
function messages(text: string): string[] {
  return findPhrases(text).map(({ message }) => message);
}

describe("the prose check", () => {
  it("finds each phrase, also across a line break, and nothing else", () => {
    for (const text of WRONG) expect(messages(text), text).to.have.length(1);
    for (const text of RIGHT) expect(messages(text), text).to.be.empty;
    const found = PHRASES.map(({ pattern }) => WRONG.filter((text) => text.search(pattern) >= 0).length);
    expect(found).to.not.include(0);
  });

  it("leaves code alone", () => {
    const text = "Call `whoever()` and ``it `goes on` ``.";
    expect(withoutCode(text)).to.have.length(text.length);
    expect(messages(withoutCode(text))).to.be.empty;
  });

  it("reads the comments of a source file, and none of its strings", () => {
    const source = [
      'const text = "whoever"; // Who comes first',
      "/**",
      " * The sender goes",
      " * on.",
      " */",
      "// What is",
      "// no time.",
      `const pattern = /\\/\\/ whoever/; const half = \`// whoever \${1 /* is told */}\`;`,
      `// ${"long ".repeat(24)}`,
      `const fine = "${"long ".repeat(24)}";`,
      "function f(/* whoever */) {}",
    ].join("\n");
    const lines = troublesOfComments("a.ts", source).map((trouble) => /^a\.ts:(\d+) /.exec(trouble)?.[1]);
    expect(lines).to.deep.equal(["1", "3", "6", "8", "9", "11"]);
  });

  it("reads Markdown: headings, lists, tables and paragraphs, but no code", () => {
    const folder = mkdtempSync(join(tmpdir(), "usmp-prose-"));
    const file = join(folder, "page.md");
    const code = "```ts\n// whoever\n```\n\n    whoever\n";
    writeFileSync(
      file,
      `# Who comes\n\nIt \`goes on\`.\n\n- It goes on.\n\n| a | b |\n| - | - |\n| x | Who y |\n\n${code}`,
    );
    const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "scripts/prose.mjs", file]);
    rmSync(folder, { recursive: true });
    expect(status, stderr.toString()).to.equal(1);
    const lines = [...stderr.toString().matchAll(/page\.md:(\d+) /g)].map(([, line]) => line);
    expect(lines).to.deep.equal(["1", "5", "9"]);
  });
});

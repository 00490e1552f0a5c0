/** Comments and titles cite sections of documents: each one that they cite exists, and in this repository. */
import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** File name to text. */
type Texts = ReadonlyMap<string, string>;

/** `§4`, `§4.6` of docs/protocol.md; not `RFC 7748 §5.2`, which is a section of that RFC. */
const PROTOCOL_SECTION = /(?<!RFC \d+ )§(\d+(?:\.\d+)?)(?![\d$])/g;

/** `docs/gateway.md#limits`: a section of any document. */
const ANCHOR = /\b(docs\/[\w/-]+\.md)#([\w-]+)/g;

/** Citations of documents that are not in this repository. */
const ELSEWHERE = /\(design, |; design, |\bdesign notes\b|\bwire document\b/gi;

/** "4", "4.6": the numbers of a document's headings. */
function sectionNumbers(document: string): Set<string> {
  return new Set([...document.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map(([, number]) => number!));
}

/** What links to the headings of a document end in. */
function anchors(document: string): Set<string> {
  const headings = [...document.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!.toLowerCase());
  return new Set(headings.map((heading) => heading.replace(/[^\w\s-]/g, "").replace(/\s/g, "-")));
}

/** "file: citation" of each that leads nowhere. */
function dangling(sources: Texts, documents: Texts): string[] {
  const numbers = sectionNumbers(documents.get("docs/protocol.md") ?? "");
  const found: string[] = [];
  for (const [file, text] of sources) {
    for (const [citation, number] of text.matchAll(PROTOCOL_SECTION)) {
      if (!numbers.has(number!)) found.push(`${file}: ${citation}`);
    }
    for (const [citation, document, anchor] of text.matchAll(ANCHOR)) {
      if (!anchors(documents.get(document!) ?? "").has(anchor!)) found.push(`${file}: ${citation}`);
    }
    for (const [citation] of text.matchAll(ELSEWHERE)) found.push(`${file}: ${citation}`);
  }
  return found;
}

function textsBelow(folder: string, ending: RegExp): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => ending.test(file));
  return new Map(
    files.map((file) => [posix.join(folder, file.replaceAll("\\", "/")), readFileSync(join(folder, file), "utf8")]),
  );
}

describe("citations", () => {
  const documents = textsBelow("docs", /\.md$/);
  const lib = textsBelow("lib", /\.ts$/);
  const sources = new Map([
    ...lib,
    ...textsBelow("spec", /(?<!citations\.spec)\.ts$/),
    ...textsBelow("docs", /\.pml$/),
  ]);

  it("lead to a section that exists", () => {
    expect([...lib.values()].flatMap((text) => [...text.matchAll(PROTOCOL_SECTION)]).length).to.be.greaterThan(50);
    expect(dangling(sources, documents)).to.deep.equal([]);
  });

  it("within the documents lead to a section of docs/protocol.md, too", () => {
    expect(dangling(documents, documents)).to.deep.equal([]);
  });

  it("are found wrong where the section is missing, in another document, or outside the repository", () => {
    const page = new Map([
      ["docs/protocol.md", "# Protocol\n\n## 4. Frames\n\n### 4.6 Keepalive\n\ntext of 7.1\n"],
      ["docs/gateway.md", "# Gateway\n\n## Limits\n\n## Slow peers, slow applications\n"],
    ]);
    const wrong = (text: string): string[] => dangling(new Map([["lib/a.ts", text]]), page);
    expect(wrong("// PING (§4.6), frames (§4), RFC 7748 §5.2, RFC 5869 §${name}, docs/gateway.md#limits")).to.be.empty;
    expect(wrong("/** Rotation (§7). */")).to.deep.equal(["lib/a.ts: §7"]);
    expect(wrong("// The first (§4.6), the second (§4.7)")).to.deep.equal(["lib/a.ts: §4.7"]);
    expect(wrong("// See docs/gateway.md#bounds")).to.deep.equal(["lib/a.ts: docs/gateway.md#bounds"]);
    expect(wrong("// The keys (§4; design, Rekey)")).to.deep.equal(["lib/a.ts: ; design, "]);
    for (const [, number] of documents.get("docs/protocol.md")!.matchAll(/^## (\d+)\./gm)) {
      const without = documents.get("docs/protocol.md")!.replace(`## ${number}.`, "##");
      expect(dangling(new Map([["a", `§${number}`]]), new Map([["docs/protocol.md", without]]))).to.have.lengthOf(1);
    }
  });
});

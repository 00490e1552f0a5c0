import { expect } from "chai";
import { readFileSync } from "node:fs";

import { chart, score } from "../../bench/chart.js";
import { DOCUMENT, goalTable, tables, withTables } from "../../bench/document.js";
import type { Finding } from "../../bench/judge.js";
import type { ComparisonResult, Results } from "../../bench/results.js";
import { goalText, short } from "../../bench/table.js";

const RATIO: Finding = {
  comparison: "one way",
  figure: "messages/s",
  unit: "messages/s",
  against: "a < b",
  measure: "ratio",
  value: 14,
  low: 12,
  high: 15,
  least: 7,
};
const DIFFERENCE: Finding = {
  ...RATIO,
  comparison: "start",
  measure: "difference",
  figure: "ms",
  unit: "ms",
  value: 90,
};
const { least: _, ...MISSED } = { ...DIFFERENCE, most: 60 };

const RESULT: ComparisonResult = {
  title: "one way",
  unit: "messages/s",
  contestants: [
    { name: "ours", figures: { "messages/s": 140_000 } },
    { name: "a < b", figures: { "messages/s": 10_000 } },
  ],
  findings: [RATIO, MISSED],
  missing: { c: "not installed\nand more" },
  others: 0,
};
const RESULTS: Results = { takenAt: "2026-11-25", machine: "a machine", peers: "a 1", comparisons: [RESULT] };

describe("The bench's reports", () => {
  it("show three digits that count", () => {
    const shown = [123_456.7, 123.4, 12.34, 1.234, 0.1234, 0, -2.5, NaN].map(short);
    expect(shown).to.eql(["123457", "123", "12.3", "1.23", "0.123", "0.00", "-2.50", "-"]);
  });

  it("say what the goal is", () => {
    expect([goalText(RATIO), goalText(MISSED)]).to.eql(["at least 7.00", "at most 60.0 ms more"]);
  });

  it("have a line for each goal, with the verdict", () => {
    const [, , met, missed] = goalTable([RESULT]).split("\n");
    expect(met).to.equal("| one way | a < b, messages/s | 14.0 (12.0 to 15.0) | at least 7.00 | met |");
    expect(missed).to.match(/\| start \| a < b, ms more \|.* at most 60.0 ms more \| \*\*missed\*\* \|$/);
  });

  it("name machine, versions, every contestant with our ratio to it, and who was left out", () => {
    const text = tables(RESULTS);
    for (const part of [
      "2026-11-25",
      "a machine",
      "a 1",
      "| messages/s | ours | a < b |",
      "| one way | 140000 | 10000 (14.0) |",
      "one way: c was left out, not installed.",
    ]) {
      expect(text).to.include(part);
    }
  });

  it("go between the marks of the document and change nothing else", () => {
    const text = readFileSync(DOCUMENT, "utf8");
    const once = withTables(text, "FIGURES");
    expect(once).to.match(/-->\n\nFIGURES\n\n<!--/);
    expect(withTables(once, "FIGURES")).to.equal(once);
    expect(() => withTables("no marks", "FIGURES")).to.throw(DOCUMENT);
  });

  it("draw how far each goal is, better to the right, on a scale where half and twice are as far", () => {
    expect([score(RATIO), score(MISSED), score({ ...MISSED, value: -1 })]).to.eql([2, 60 / 90, Infinity]);
    const svg = chart([RATIO, MISSED]);
    const bars = [...svg.matchAll(/<rect class="(\w+)" x="([\d.]+)"[^>]* width="([\d.]+)"/g)];
    const [better, worse] = bars.map(([, kind, x, width]) => ({
      kind,
      from: Number(x),
      to: Number(x) + Number(width),
    }));
    expect([better?.kind, worse?.kind]).to.eql(["met", "missed"]);
    expect(worse?.to).to.be.closeTo(better?.from ?? NaN, 0.2);
    const marks = [...svg.matchAll(/<text class="quiet" x="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect([marks.length, marks[0]]).to.eql([5, 560]);
    for (const [index, x] of marks.slice(1).entries()) expect(x - (marks[index] ?? NaN)).to.be.closeTo(75, 0.2);
  });

  it("draw a chart that is well-formed, whatever the names", () => {
    const svg = chart([RATIO]);
    expect(svg).to.include("a &lt; b");
    const open = svg.match(/<(svg|style|text|title)\b/g)?.length;
    const closed = svg.match(/<\/(svg|style|text|title)>/g)?.length;
    expect(open).to.equal(closed);
  });
});

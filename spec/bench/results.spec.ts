import { readFileSync } from "node:fs";
import { expect } from "chai";

import {
  describeRows,
  DOCUMENT,
  documentFor,
  readResults,
  rowsOf,
  short,
  table,
  withTable,
} from "../../bench/results.js";

const ROWS = rowsOf({
  title: "echo",
  rounds: new Map([
    ["usmp", [{ p50: 10 }, { p50: 30 }, { p50: 20 }]],
    ["other", [{ p50: 5 }, { p50: 5 }, { p50: 10 }]],
  ]),
  failed: new Map(),
});

describe("The bench's results", () => {
  it("are medians, and the first contender's figure divided by the other's, round by round", () => {
    expect(ROWS).to.eql([
      {
        comparison: "echo",
        figure: "p50",
        cells: { usmp: { median: 20 }, other: { median: 5, ratio: [2, 2, 6] } },
      },
    ]);
  });

  it("leave out a figure that a contender does not have", () => {
    const rounds = new Map([
      ["usmp", [{ held: 1, rss: 2 }]],
      ["other", [{ rss: 4 }]],
    ]);
    const rows = rowsOf({ title: "memory", rounds, failed: new Map() });
    expect(rows.map(({ cells }) => Object.keys(cells))).to.eql([["usmp"], ["usmp", "other"]]);
  });

  it("show three digits that count", () => {
    expect([123_456.7, 1_234, 123.4, 12.34, 1.234, 0.1234].map(short)).to.eql([
      "123,000",
      "1,230",
      "123",
      "12.3",
      "1.23",
      "0.12",
    ]);
  });

  it("become a line for each contender, and a row for each figure", () => {
    expect(describeRows(ROWS)).to.match(/usmp +20\.0\n.*other +5\.00 {2}ratio 2\.00 \(2\.00 to 6\.00\)$/);
    expect(table({ takenAt: "2026-11-25", rounds: 7, machine: "a machine", rows: ROWS })).to.equal(
      "Measured on 2026-11-25, in 7 rounds: a machine.\n\n| comparison | figure | usmp | other |\n| - | - | -: | -: |\n" +
        "| echo | p50 | **20.0** | 5.00 (2.00) |",
    );
  });

  it("go between the marks of the document and change nothing else", () => {
    const once = withTable(readFileSync(DOCUMENT, "utf8"), "FIGURES");
    expect(once).to.match(/begin -->\n\nFIGURES\n\n<!-- .*end -->/);
    expect(withTable(once, "FIGURES")).to.equal(once);
    expect(() => withTable("no marks", "FIGURES")).to.throw(DOCUMENT);
  });

  it("are those of docs/performance.md", async () => {
    expect(readFileSync(DOCUMENT, "utf8")).to.equal(await documentFor(await readResults()));
  });
});

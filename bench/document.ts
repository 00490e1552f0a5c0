/** The tables of docs/performance.md, between two marks. */
import { readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";

import { hasGoal, isMet, type Finding } from "./judge.js";
import type { ComparisonResult, Results } from "./results.js";
import { goalText, short } from "./table.js";

export const DOCUMENT = "docs/performance.md";
export const CHART = "docs/performance.svg";

const BEGIN = "<!-- npm run bench writes what follows -->";
const END = "<!-- npm run bench wrote what precedes -->";

export async function writeTables(results: Results): Promise<void> {
  const text = await readFile(DOCUMENT, "utf8");
  await writeFile(
    DOCUMENT,
    await format(withTables(text, tables(results)), { parser: "markdown", proseWrap: "preserve" }),
  );
}

/** @throws where the marks are missing */
export function withTables(text: string, written: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} lacks "${BEGIN}" and, after it, "${END}"`);
  return `${text.slice(0, begin)}${BEGIN}\n\n${written}\n\n${text.slice(end)}`;
}

export function tables({ takenAt, machine, peers, comparisons }: Results): string {
  return [
    `Taken on ${takenAt}: ${machine}. ${peers}.`,
    goalTable(comparisons),
    "### Everything that was measured",
    "Medians; behind each other contestant's figure, ours divided by it.",
    ...comparisons.map(comparisonTable),
  ].join("\n\n");
}

export function goalTable(comparisons: readonly ComparisonResult[]): string {
  const goals = comparisons.flatMap(({ findings }) => findings).filter(hasGoal);
  const rows = goals.map((finding) => {
    const { comparison, value, low, high } = finding;
    const verdict = isMet(finding) ? "met" : "**missed**";
    return `| ${comparison} | ${heldAgainst(finding)} | ${short(value)} (${short(low)} to ${short(high)}) | ${goalText(finding)} | ${verdict} |`;
  });
  return ["| comparison | ours against | figure (rounds) | goal | |", "| - | - | - | - | - |", ...rows].join("\n");
}

function heldAgainst({ figure, against, measure }: Finding): string {
  if (against === null) return figure;
  return measure === "ratio" ? `${against}, ${figure}` : `${against}, ${figure} more`;
}

function comparisonTable({ title, unit, contestants, findings, missing }: ComparisonResult): string {
  const figures = Object.keys(contestants[0]?.figures ?? {});
  const heads = figures.map((figure) => (figure === unit ? unit : `${figure}, ${unit}`));
  const rows = contestants.map(({ name, figures: theirs }) => {
    const cells = figures.map((figure) => {
      const value = theirs[figure];
      const held = findings.find((finding) => finding.figure === figure && finding.against === name);
      if (value === undefined) return "";
      return held?.measure === "ratio" ? `${short(value)} (${short(held.value)})` : short(value);
    });
    return `| ${[name, ...cells].join(" | ")} |`;
  });
  const left = Object.entries(missing).map(
    ([name, why]) => `\n\n${name} was left out: ${why.split("\n", 1)[0] ?? ""}.`,
  );
  const line = `| ${heads.map(() => "-:").join(" | ")} |`;
  return [`| ${title} | ${heads.join(" | ")} |`, `| - ${line}`, ...rows].join("\n") + left.join("");
}

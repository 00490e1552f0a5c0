/** The tables of docs/performance.md, between two marks. */
import { readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";

import { hasGoal, isMet, type Finding } from "./judge.js";
import type { ComparisonResult, ContestantResult, Results } from "./results.js";
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
    "Medians; in brackets, ours divided by the other's.",
    ...contestantTables(comparisons),
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

/** Comparisons between the same contestants share a table: a row for each, a column for each contestant. */
function contestantTables(comparisons: readonly ComparisonResult[]): string[] {
  const groups: ComparisonResult[][] = [];
  for (const comparison of comparisons) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && columnsOf(last[0]) === columnsOf(comparison)) last.push(comparison);
    else groups.push([comparison]);
  }
  return groups.map(contestantTable);
}

function columnsOf({ unit, contestants }: ComparisonResult): string {
  return JSON.stringify([unit, contestants.map(({ name, figures }) => [name, Object.keys(figures)])]);
}

function contestantTable(group: readonly ComparisonResult[]): string {
  const [first] = group;
  const names = first?.contestants.map(({ name }) => name) ?? [];
  const figures = Object.keys(first?.contestants[0]?.figures ?? {}).filter((figure) => figure !== first?.unit);
  const head = `| ${[first?.unit, ...figures].join(figures.length > 0 ? ", " : "")} | ${names.join(" | ")} |`;
  const rows = group.map(
    (result) => `| ${[result.title, ...result.contestants.map((one) => cell(one, result))].join(" | ")} |`,
  );
  const left = group.flatMap(({ title, missing }) =>
    Object.entries(missing).map(([name, why]) => `\n\n${title}: ${name} was left out, ${why.split("\n", 1)[0] ?? ""}.`),
  );
  return [head, `| - | ${names.map(() => "-:").join(" | ")} |`, ...rows].join("\n") + left.join("");
}

/** `70.4 / 105 (1.11 / 1.27)`: the figures, and ours divided by each. */
function cell({ name, figures }: ContestantResult, { findings }: ComparisonResult): string {
  const ratios = Object.keys(figures).flatMap(
    (figure) => findings.find((finding) => finding.figure === figure && finding.against === name) ?? [],
  );
  const shown = Object.values(figures).map(short).join(" / ");
  if (ratios.length === 0 || ratios[0]?.measure !== "ratio") return shown;
  return `${shown} (${ratios.map(({ value }) => short(value)).join(" / ")})`;
}

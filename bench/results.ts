/** What a run found: printed, and, on request, kept in bench/results.json and the tables of docs/performance.md. */
import { readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";

import type { Outcome } from "./run.js";
import { median } from "./statistics.js";

const RESULTS = "bench/results.json";
export const DOCUMENT = "docs/performance.md";
const BEGIN = "<!-- npm run bench -- --write: begin -->";
const END = "<!-- npm run bench -- --write: end -->";

/** One contender in one figure. */
export interface Cell {
  /** Of all rounds. */
  readonly median: number;
  /** The first contender's figure divided by this one, round by round: the median, the lowest and the highest. None for the first itself. */
  readonly ratio?: readonly [median: number, low: number, high: number];
}

export interface Row {
  readonly comparison: string;
  readonly figure: string;
  readonly cells: Readonly<Record<string, Cell>>;
}

export interface Results {
  readonly takenAt: string;
  /** Of each comparison. */
  readonly rounds: number;
  readonly machine: string;
  readonly rows: readonly Row[];
}

/** A row for each figure of the first contender. */
export function rowsOf({ title, rounds }: Outcome): Row[] {
  const [first] = rounds;
  if (first === undefined) return [];
  const [firstName, firstRounds] = first;
  return Object.keys(firstRounds[0] ?? {}).map((figure) => {
    const ours = firstRounds.map((figures) => figures[figure] ?? NaN);
    const cells: [string, Cell][] = [];
    for (const [name, theirRounds] of rounds) {
      const theirs = theirRounds.map((figures) => figures[figure]).filter((value) => value !== undefined);
      if (theirs.length === 0) continue;
      const ratios = ours.map((value, round) => value / (theirs[round] ?? NaN));
      const spread = [median(ratios), Math.min(...ratios), Math.max(...ratios)] as const;
      cells.push([name, { median: median(theirs), ...(name !== firstName && { ratio: spread }) }]);
    }
    return { comparison: title, figure, cells: Object.fromEntries(cells) };
  });
}

/** Three digits that count. */
export function short(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  const text = value.toFixed(Math.min(digits, 2));
  return digits > 0 ? text : Number(value.toPrecision(3)).toLocaleString("en");
}

/** The rows of one comparison, for the terminal: a line for each contender. */
export function describeRows(rows: readonly Row[]): string {
  return rows
    .flatMap(({ figure, cells }) =>
      Object.entries(cells).map(([name, { median: middle, ratio }]) => {
        const [times, low, high] = ratio?.map((value) => value.toFixed(2)) ?? [];
        const against = ratio === undefined ? "" : `  ratio ${times} (${low} to ${high})`;
        return `  ${figure.padEnd(24)} ${name.padEnd(14)} ${short(middle).padStart(10)}${against}`;
      }),
    )
    .join("\n");
}

/** One table: a row for each figure, a column for each contender. */
export function table({ takenAt, rounds, machine, rows }: Results): string {
  const names = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))];
  const lines = rows.map(({ comparison, figure, cells }) => {
    const shown = names.map((name) => {
      const cell = cells[name];
      if (cell === undefined) return "";
      return cell.ratio === undefined ? `**${short(cell.median)}**` : `${short(cell.median)} (${short(cell.ratio[0])})`;
    });
    return `| ${[comparison, figure, ...shown].join(" | ")} |`;
  });
  const head = [
    `| ${["comparison", "figure", ...names].join(" | ")} |`,
    `| - | - | ${names.map(() => "-:").join(" | ")} |`,
  ];
  return [`Measured on ${takenAt}, in ${rounds} rounds: ${machine}.`, [...head, ...lines].join("\n")].join("\n\n");
}

/** The document with `written` between its two marks. */
export function withTable(document: string, written: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} lacks "${BEGIN}" and, after it, "${END}"`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${written}\n\n${document.slice(end)}`;
}

export async function readResults(): Promise<Results> {
  return JSON.parse(await readFile(RESULTS, "utf8")) as Results;
}

/** The document as it must be for `results`. */
export async function documentFor(results: Results): Promise<string> {
  const text = withTable(await readFile(DOCUMENT, "utf8"), table(results));
  return format(text, { parser: "markdown", proseWrap: "preserve" });
}

export async function writeResults(results: Results): Promise<void> {
  const rounded = JSON.stringify(results, (_key, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(4)) : value,
  );
  await writeFile(RESULTS, await format(rounded, { parser: "json", printWidth: 120 }));
  await writeFile(DOCUMENT, await documentFor(await readResults()));
}
